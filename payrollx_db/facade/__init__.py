"""What a service's process uses: sessions that show that service's tables and nothing else."""
