;; End of file, both ways, on a stream: what was sent before arrives.
(let* (child
       (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :log (lambda (_s c _m) (setq child c))
                                  :filter (shows 'srv-in) :sentinel (shows 'srv-event)))
       (cli (make-network-process :name "cli" :family 'local :service (tmp "s") :filter (shows 'in) :sentinel (shows 'event))))
  (settle)
  (process-send-string cli "last")
  (show (eq (process-send-eof cli) cli))
  (show (process-status cli))
  (settle)
  (show (process-status cli) (process-status child) (process-exit-status child) (process-list))
  (show (process-contact child :service) (process-contact child :service t)))
