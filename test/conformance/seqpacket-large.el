;; Packets up to what Emacs reads at once.
(let* ((srv (make-network-process :name "srv" :type 'seqpacket :server t :family 'local :service (tmp "s") :coding 'binary
                                  :filter (lambda (p s) (show 'srv-in (length s)) (process-send-string p s))))
       (cli (make-network-process :name "cli" :type 'seqpacket :family 'local :service (tmp "s") :coding 'binary
                                  :filter (lambda (_p s) (show 'in (length s))))))
  (dolist (n '(1 100 1000 4000 4096)) (process-send-string cli (make-string n ?x)) (settle)))
