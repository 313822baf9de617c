namespace Millrace.Micro;

/// <summary>Keys in an order in which some are far more frequent than others, as in real traffic (Zipf's law), with a seed.</summary>
internal sealed class ZipfKeys
{
    private const int Length = 1 << 20;

    public ZipfKeys(int keys, double exponent, int seed)
    {
        All = [.. Enumerable.Range(0, keys).Select(static i => $"product:{i}")];
        var sums = new double[keys];
        var sum = 0.0;
        for (var i = 0; i < keys; i++)
        {
            sums[i] = sum += 1 / Math.Pow(i + 1, exponent);
        }

        var random = new Random(seed);
        Sequence = new string[Length];
        for (var i = 0; i < Length; i++)
        {
            var at = Array.BinarySearch(sums, random.NextDouble() * sum);
            Sequence[i] = All[Math.Min(keys - 1, at < 0 ? ~at : at)];
        }
    }

    public string[] All { get; }

    /// <summary>A power of two in number.</summary>
    public string[] Sequence { get; }
}
