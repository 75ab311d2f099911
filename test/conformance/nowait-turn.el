;; Who is connected by now hears of it in the turn of a message to somebody else, which ends other turns.
(let* (child
       (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :filter (shows 'in)
                                  :log (lambda (_s c _m) (setq child c))))
       (cli (make-network-process :name "cli" :family 'local :service (tmp "s") :filter (shows 'in))))
  (settle)
  (make-network-process :name "late" :family 'local :service (tmp "s") :nowait t :sentinel (shows 'event))
  (process-send-string cli "to the connection")
  (process-send-string child "to the client")
  (settle))
