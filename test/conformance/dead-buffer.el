;; A buffer is killed after the process has been given another; output without a buffer is discarded.
(let* (child
       (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :log (lambda (_s c _m) (setq child c))))
       (cli (make-network-process :name "cli" :family 'local :service (tmp "s") :buffer "b" :sentinel (shows 'event))))
  (settle)
  (set-process-query-on-exit-flag cli nil)
  (set-process-buffer cli (get-buffer-create "c"))
  (kill-buffer "b") (settle)
  (show (process-status cli) (process-buffer cli) (get-buffer-process "c"))
  (process-send-string child "text") (settle)
  (show (with-current-buffer "c" (buffer-string)))
  (set-process-buffer cli nil)
  (process-send-string child "lost") (settle)
  (show (process-status cli) (get-buffer-process "c")))
