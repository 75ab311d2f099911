;; How sending completes a coding system that leaves something open: ASCII and bytes do not, text does.
(dolist (coding '(utf-8 latin-1 undecided undecided-dos prefer-utf-8 utf-8-dos us-ascii raw-text binary koi8-r sjis euc-jp euc-kr gb2312 gbk
                  (utf-8) (nil . utf-8) (latin-1 . undecided) (binary . utf-8)))
  (let* ((srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :coding 'binary
                                    :filter (lambda (_p s) (show 'wire (append s nil)))))
         (cli (make-network-process :name "cli" :family 'local :service (tmp "s") :coding coding)))
    (settle 0.01)
    (show coding (process-coding-system cli) (process-contact cli :coding))
    (dolist (sent '("ascii\n" "\351\n" "\u00e9\n" "\u3042\u0436" "\351\n" "ascii\n"))
      (process-send-string cli sent) (settle 0.01)
      (show (process-coding-system cli)))
    (mapc #'delete-process (process-list)) (delete-file (tmp "s"))))
