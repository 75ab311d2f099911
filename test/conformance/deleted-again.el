;; A process deletes itself again in its sentinel, which another's sentinel has called: the list is then walked without it.
(let* (kids
       (again 3)
       (srv (make-network-process :name "srv" :server t :family 'local :service (tmp "s") :log (lambda (_s c _m) (push c kids)))))
  (dolist (name '("first" "between" "last"))
    (make-network-process :name name :family 'local :service (tmp "s") :sentinel (shows 'event))
    (settle 0.05))
  (set-process-sentinel (get-process "last") (lambda (p e) (show 'event p e) (delete-process "first") (show 'out p)))
  (set-process-sentinel (get-process "first") (lambda (p e) (show 'event p e) (when (> (cl-decf again) 0) (delete-process p)) (show 'out p)))
  (delete-process (car kids))
  (settle)
  (show (process-list)))
