"""Pure functions: intervals, percentiles, repeats. Nothing heavy is imported; the tests compare with SciPy."""
