;; Sending at once, while the connection is being made.
(let* ((srv (make-network-process :name "srv" :server t :host 'local :service t :family 'ipv4 :filter (lambda (p s) (process-send-string p (upcase s)))))
       (cli (make-network-process :name "cli" :host "127.0.0.1" :service (port-of srv) :nowait t :sentinel (shows 'event) :filter (shows 'in))))
  (process-send-string cli "early")
  (show (process-status cli))
  (settle)
  (show (process-contact cli :remote) (process-contact cli :nowait)))
