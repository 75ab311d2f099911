;; Data and the end come together.
(let* ((srv (make-network-process :name "srv" :server t :host 'local :service t :family 'ipv4
                                  :log (lambda (_s c _m) (process-send-string c "data ") (process-send-string c "and end") (delete-process c))
                                  :sentinel (shows 'srv-event)))
       (got "")
       (cli (make-network-process :name "cli" :host "127.0.0.1" :service (port-of srv) :nowait t
                                  :filter (lambda (_p s) (setq got (concat got s))) :sentinel (lambda (_p e) (show 'event e got)))))
  (settle 0.5)
  (show (process-status cli) got))
