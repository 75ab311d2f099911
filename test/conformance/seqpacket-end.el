;; The end of a sequenced-packet connection; what is not read yet comes first.
(let* (child
       (srv (make-network-process :name "srv" :type 'seqpacket :server t :family 'local :service (tmp "s")
                                  :log (lambda (_s c _m) (setq child c)) :sentinel (shows 'srv-event)))
       (cli (make-network-process :name "cli" :type 'seqpacket :family 'local :service (tmp "s")
                                  :filter (shows 'in) :sentinel (shows 'event))))
  (settle)
  (process-send-string child "one") (process-send-string child "two") (process-send-string child "three")
  (delete-process child)
  (settle)
  (show (process-status cli) (process-exit-status cli) (process-list))
  (show (process-contact cli t)))
