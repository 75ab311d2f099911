;; The mark moves; output is inserted at the mark, and point moves only if it is there.
(let* (child
       (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :log (lambda (_s c _m) (setq child c))))
       (buffer (get-buffer-create "b"))
       (cli (progn (with-current-buffer buffer (insert "before ")) (make-network-process :name "cli" :family 'local :service (tmp "s") :buffer buffer))))
  (settle)
  (show (process-mark cli) (process-contact cli :buffer))
  (process-send-string child "one ") (settle)
  (with-current-buffer buffer (goto-char (point-max)) (insert "typed "))
  (process-send-string child "two ") (settle)
  (show (with-current-buffer buffer (buffer-string)) (process-mark cli))
  (delete-process child) (settle)
  (show (with-current-buffer buffer (buffer-string)) (process-mark cli)))
