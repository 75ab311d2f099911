;; A byte that begins no character waits for the next one, which may come with a later packet, or for the end.
(dolist (coding '(nil utf-8))
  (dolist (bytes '("\377" "a\377" "\377\376" "\200" "\200\200\200\200" "\200\200\200\200\200" "\300" "\300\200" "\303" "\303\251\251"
                   "\340\200" "\355\240" "\355\240\200" "\360\200\200\200" "\302\377"))
    (let* (child in
           (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :coding 'binary :log (lambda (_s c _m) (setq child c))))
           (cli (make-network-process :name "cli" :family 'local :service (tmp "s") :coding coding :filter (lambda (_p s) (setq in (append in s nil))))))
      (settle 0.01)
      (process-send-string child bytes) (settle 0.01)
      (show coding (append bytes nil) in (process-coding-system cli))
      (process-send-string child "z\200") (settle 0.01)
      (show in)
      (delete-process child) (settle 0.01)
      (show in)
      (mapc #'delete-process (process-list)) (delete-file (tmp "s")))))
