;; End of file on sequenced packets.
(let* ((srv (make-network-process :name "srv" :type 'seqpacket :server t :family 'local :service (tmp "s")
                                  :filter (lambda (p s) (show 'srv-in s) (process-send-string p (upcase s))) :sentinel (shows 'srv-event)))
       (cli (make-network-process :name "cli" :type 'seqpacket :family 'local :service (tmp "s")
                                  :filter (shows 'in) :sentinel (shows 'event))))
  (process-send-string cli "a") (process-send-string cli "b") (process-send-eof cli)
  (settle)
  (show (process-status cli) (process-list)))
