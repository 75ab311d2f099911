;; Two processes in one buffer: output moves the other's mark behind it, what the sentinel inserts does not.
(let* (kids
       (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :log (lambda (_s c _m) (push c kids))))
       (buffer (get-buffer-create "b"))
       (client (lambda (name) (prog1 (make-network-process :name name :family 'local :service (tmp "s") :buffer buffer) (settle 0.05))))
       (a (funcall client "a")) (b (funcall client "b")) (c (funcall client "c"))
       (look (lambda () (show (with-current-buffer buffer (buffer-string)) (mapcar #'process-mark (list a b c))))))
  (cl-destructuring-bind (of-c of-b of-a) kids
    (process-send-string of-a "one ") (settle) (funcall look)
    (process-send-string of-b "two ") (settle) (funcall look)
    (delete-process a)
    (show (with-current-buffer buffer (buffer-string)) (process-mark b) (process-mark c))
    (process-send-string of-c "three") (settle)
    (show (with-current-buffer buffer (buffer-string)) (process-mark b) (process-mark c))
    ;; Setting the same buffer again leaves the mark where it is, setting another one does not.
    (set-process-buffer c buffer) (show (process-mark c))
    (set-process-buffer c (get-buffer-create "other")) (set-process-buffer c buffer) (show (process-mark c))
    (delete-process of-b) (delete-process of-c) (settle)
    (show (with-current-buffer buffer (buffer-string)))))
;; For the default sentinel a stopped process that opens is open.
(let* ((srv (make-network-process :name "srv" :server t :host 'local :service t :family 'ipv4))
       (cli (make-network-process :name "cli" :remote (at-port srv) :nowait t :stop t :buffer "stopped")))
  (settle)
  (show (process-status cli) (with-current-buffer "stopped" (buffer-string)))
  (delete-process cli)
  (show (with-current-buffer "stopped" (buffer-string))))
