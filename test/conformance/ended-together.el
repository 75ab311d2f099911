;; Several processes end at once. Deleting a process calls the sentinels of all that ended before, the newest first.
(let* (kids
       (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :log (lambda (_s c _m) (push c kids))))
       (client (lambda (name sentinel)
                 (prog1 (make-network-process :name name :family 'local :service (tmp "s") :sentinel sentinel) (settle 0.05))))
       (old (funcall client "old" (shows 'old)))
       (deletes-old (lambda (p e) (show 'event p e) (delete-process old) (show 'done p))))
  (dolist (name '("a" "b" "c")) (funcall client name deletes-old))
  (funcall client "new" (lambda (p e) (show 'event p e)))
  (mapc #'delete-process (butlast kids))
  (settle)
  (show (process-list)))
