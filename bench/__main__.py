"""`python -m bench`: what the service costs, as ratios measured in one run."""

from bench.cold_start import main

if __name__ == "__main__":
    main()
