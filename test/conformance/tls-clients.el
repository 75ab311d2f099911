;;; tls-clients.el --- clients of gnutls-serv by each of Emacs's ways to it  -*- lexical-binding: t -*-

;; Nobody has signed the certificate, which only the peer status shows unless :verify-error is given. Not under :nowait:
;; there Emacs's clients often stay in `connect' for ever.
(require 'network-stream)
(require 'gnutls)
(setq network-security-level 'low)

(let ((coding-system-for-write 'utf-8-unix))
  (write-region "cn = \"localhost\"\ndns_name = \"localhost\"\norganization = \"Nobody\"\nexpiration_days = 30\n"
                nil (tmp "template") nil 'quiet))
(call-process "certtool" nil nil nil "--generate-privkey" "--key-type=ecdsa" "--outfile" (tmp "key.pem"))
(call-process "certtool" nil nil nil "--generate-self-signed" "--load-privkey" (tmp "key.pem")
              "--template" (tmp "template") "--outfile" (tmp "cert.pem"))

(defvar tls-port nil)
(defvar tls-server
  ;; A port that was free a moment ago.
  (let ((probe (make-network-process :name "probe" :server t :service t :host 'local :family 'ipv4)))
    (setq tls-port (process-contact probe :service))
    (delete-process probe)
    (make-process :name "gnutls-serv" :noquery t :connection-type 'pipe :buffer (generate-new-buffer "gnutls-serv")
                  :command (list "gnutls-serv" "--echo" "--port" (number-to-string tls-port)
                                 "--x509keyfile" (tmp "key.pem") "--x509certfile" (tmp "cert.pem")))))

(while (not (string-match-p "Echo Server" (with-current-buffer "gnutls-serv" (buffer-string))))
  (sleep-for 0.1))
;; The program prints that before it listens.
(let ((up nil))
  (while (not up)
    (condition-case nil
        (progn (delete-process (make-network-process :name "try" :host "localhost" :family 'ipv4 :service tls-port))
               (setq up t))
      (file-error (sleep-for 0.1)))))

(defun connected (process)
  "Wait until PROCESS is not connecting any more, and show what it is."
  (let ((tries 0))
    (while (and (eq (process-status process) 'connect) (< (cl-incf tries) 100))
      (sleep-for 0.05)))
  (let* ((status (gnutls-peer-status process))
         (certificate (plist-get status :certificate)))
    (show (process-status process)
          (plist-get status :protocol)
          (plist-get certificate :issuer)
          (plist-get certificate :subject)
          (and (memq :self-signed (plist-get status :warnings)) t)
          (gnutls-get-initstage process))
    process))

(defun conversation (process)
  (let (heard)
    (set-process-filter process (lambda (_ s) (setq heard (concat heard s))))
    (process-send-string process "hello\n")
    (let ((tries 0))
      (while (and (not (equal heard "hello\n")) (< (cl-incf tries) 100))
        (accept-process-output process 0.05)))
    (show heard)
    (delete-process process)))

(defun parameters (&rest more)
  (cons 'gnutls-x509pki (apply #'gnutls-boot-parameters :type 'gnutls-x509pki :hostname "localhost" more)))

(show 'make-network-process)
(conversation (connected (make-network-process :name "a" :host "localhost" :family 'ipv4 :service tls-port
                                               :tls-parameters (parameters) :sentinel #'ignore)))

(show 'gnutls-boot)
(let ((process (make-network-process :name "c" :host "localhost" :family 'ipv4 :service tls-port :sentinel #'ignore)))
  (show (gnutls-get-initstage process) (gnutls-peer-status process))
  (show (gnutls-boot process 'gnutls-x509pki (cdr (parameters))))
  (conversation (connected process)))

(show 'gnutls-negotiate)
(let ((process (make-network-process :name "d" :host "localhost" :family 'ipv4 :service tls-port :sentinel #'ignore)))
  (gnutls-negotiate :process process :type 'gnutls-x509pki :hostname "localhost")
  (conversation (connected process)))

(show 'open-network-stream)
(conversation (connected (open-network-stream "e" (generate-new-buffer "e") "localhost" tls-port :type 'tls)))

(show 'open-gnutls-stream)
(dolist (fifth '(nil (:nowait nil) (:client-certificate nil)))
  (conversation (connected (open-gnutls-stream "f" (generate-new-buffer "f") "localhost" tls-port fifth))))

(show 'verify)
(attempt (make-network-process :name "g" :host "localhost" :family 'ipv4 :service tls-port :sentinel #'ignore
                               :tls-parameters (parameters :verify-error t)))
(attempt (make-network-process :name "g" :host "localhost" :family 'ipv4 :service tls-port :sentinel #'ignore
                               :tls-parameters (parameters :verify-error '(:trustfiles))))
(let ((process (make-network-process :name "h" :host "localhost" :family 'ipv4 :service tls-port :sentinel #'ignore
                                     :tls-parameters (parameters :verify-error t :trustfiles (list (tmp "cert.pem"))))))
  (conversation (connected process)))
(delete-process tls-server)
