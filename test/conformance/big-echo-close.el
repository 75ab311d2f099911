;; Everything that was sent arrives although the sender closes at once.
(let* ((size 1000000) (got 0) (ended nil)
       (srv (make-network-process :name "srv" :server t :host 'local :service t :family 'ipv4 :coding 'binary
                                  :filter (lambda (_p s) (cl-incf got (length s))) :sentinel (lambda (_p e) (when (string-prefix-p "conn" e) (setq ended t)))))
       (cli (make-network-process :name "cli" :host "127.0.0.1" :service (port-of srv) :coding 'binary)))
  (process-send-string cli (make-string size ?x))
  (delete-process cli)
  (let ((n 0)) (while (and (not ended) (< (cl-incf n) 100)) (accept-process-output nil 0.1)))
  (show got ended))
