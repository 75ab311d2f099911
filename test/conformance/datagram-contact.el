;; The addresses of datagram processes: a client's own address is the one that it had when it was made, and a sender
;; without a name leaves the server without a peer.
(dolist (family '(ipv4 ipv6 local))
  (let* ((place (lambda (service) (list :type 'datagram :family family :service service)))
         (srv (apply #'make-network-process :name "srv" :server t
                     :filter (lambda (p s) (show 'in s) (when (eq family 'local) (show (process-datagram-address p) (process-contact p :remote))))
                     (funcall place (if (eq family 'local) (tmp "d") t))))
         (cli (apply #'make-network-process :name "cli" (funcall place (process-contact srv :service)))))
    (show family (process-contact cli) (process-contact cli t))
    (process-send-string cli "one") (settle)
    (show (process-contact cli :local) (process-contact cli :remote))
    (delete-process cli)
    (show (process-contact cli :local) (process-contact cli :remote t) (process-datagram-address cli))))
;; The address of no peer can be set again.
(let* ((a (make-network-process :name "a" :type 'datagram :server t :host 'local :service t :family 'ipv4 :filter (shows 'a)))
       (b (make-network-process :name "b" :type 'datagram :server t :host 'local :service t :family 'ipv4))
       (nobody (process-datagram-address b)))
  (show (set-process-datagram-address b (at-port a)))
  (process-send-string b "x") (settle)
  (show (set-process-datagram-address b nobody) (process-datagram-address b) (process-contact b :remote))
  (attempt (process-send-string b "y"))
  (show (set-process-datagram-address b '(0 . [0])) (process-status b)))
