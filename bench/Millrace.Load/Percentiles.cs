namespace Millrace.Load;

/// <summary>Latencies of one run, exact: every value is kept and sorted once.</summary>
internal sealed class Percentiles(IEnumerable<double> values)
{
    private readonly double[] _sorted = [.. values.Order()];

    /// <summary>The smallest value that at least <paramref name="quantile"/> (0–1) of all values do not exceed; 0 without values.</summary>
    public double At(double quantile) =>
        _sorted.Length == 0 ? 0 : _sorted[Math.Clamp((int)Math.Ceiling(quantile * _sorted.Length) - 1, 0, _sorted.Length - 1)];
}
