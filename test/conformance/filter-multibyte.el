;; The keyword :filter-multibyte has no effect, whatever the coding system; the function has.
(let* ((path (tmp "s"))
       (srv (make-network-process :name "srv" :server t :family 'local :service path
                                  :filter-multibyte nil
                                  :filter (lambda (p s) (show 'got s (multibyte-string-p s)) (process-send-string p s)))))
  (show (process-coding-system srv) (process-contact srv :filter-multibyte))
  (dolist (coding '(nil utf-8 utf-8-dos binary))
    (let ((cli (make-network-process :name "cli" :family 'local :service path :coding coding
                                     :filter-multibyte nil
                                     :filter (lambda (_ s) (show 'echo s (multibyte-string-p s))))))
      (show coding (process-coding-system cli))
      (process-send-string cli "\303\251\n")
      (settle)
      (delete-process cli)
      (settle))))
