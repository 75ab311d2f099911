;; Stopped while it connects.
(let* ((srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :log (lambda (_s c _m) (process-send-string c "hi"))))
       (cli (make-network-process :name "cli" :family 'local :service (tmp "s") :nowait t :stop t :sentinel (shows 'event) :filter (shows 'in))))
  (show (process-status cli)) (settle)
  (show (process-status cli) (process-command cli)) (continue-process cli) (show (process-status cli)) (settle)
  (show (process-status cli)))
