namespace Township.Modules.Seed;

/// <summary>Draws ranks 0…n-1 so that rank k comes up in proportion to 1/(k+1)^s: few are busy, most are quiet, as in life.</summary>
internal sealed class ZipfSampler
{
    private readonly double[] _cumulative;

    public ZipfSampler(int count, double exponent)
    {
        _cumulative = new double[count];
        var sum = 0.0;
        for (var rank = 0; rank < count; rank++)
        {
            sum += 1 / Math.Pow(rank + 1, exponent);
            _cumulative[rank] = sum;
        }
    }

    public int Draw(SeedRandom random)
    {
        var at = Array.BinarySearch(_cumulative, random.Fraction() * _cumulative[^1]);
        return Math.Min(at < 0 ? ~at : at, _cumulative.Length - 1);
    }

    /// <summary>Splits <paramref name="total"/> over the ranks, at least <paramref name="minimum"/> each, exactly and without chance.</summary>
    public int[] Split(int total, int minimum)
    {
        var spare = total - (minimum * _cumulative.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(spare, nameof(total));
        var shares = new int[_cumulative.Length];
        var given = 0;
        for (var rank = 0; rank < shares.Length; rank++)
        {
            var upTo = (int)Math.Floor(spare * (_cumulative[rank] / _cumulative[^1]));
            shares[rank] = minimum + upTo - given;
            given = upTo;
        }

        shares[0] += spare - given;
        return shares;
    }
}
