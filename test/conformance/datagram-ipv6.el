;; UDP on IPv6.
(let* ((srv (make-network-process :name "srv" :type 'datagram :server t :host 'local :service t :family 'ipv6
                                  :filter (lambda (p s) (show 'srv-in s (process-datagram-address p)) (process-send-string p (upcase s)))))
       (cli (make-network-process :name "cli" :type 'datagram :host "::1" :service (port-of srv) :family 'ipv6 :filter (shows 'in))))
  (show (process-contact srv :local) (process-datagram-address cli) (process-datagram-address srv))
  (process-send-string cli "six") (settle)
  (show (process-contact srv :remote) (process-contact srv t)))
