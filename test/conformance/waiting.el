;; What accept-process-output returns for processes that cannot have output.
(let* ((srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s")))
       (cli (make-network-process :name "cli" :family 'local :service (tmp "s"))))
  (settle)
  (show (accept-process-output srv 0.05) (accept-process-output cli 0) (accept-process-output cli -1) (accept-process-output nil 0))
  (delete-process cli)
  (show (accept-process-output cli 0.05))
  (settle))
