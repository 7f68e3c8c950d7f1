"""The Kubernetes backend: replicas as pods of the cluster that a kubeconfig, or the pod we run in, names."""
