using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Millrace.HitRate;

/// <summary>A recorded or made sequence of requests.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Sizes">The sizes of the cache that it is replayed against.</param>
/// <param name="Read">Gives the keys, numbered from 0.</param>
internal sealed record Trace(string Name, int[] Sizes, Func<int[]> Read)
{
    public static IReadOnlyList<Trace> All { get; } =
    [
        Recorded("orm-busy", 1000, 5000, 20_000),
        Recorded("web12", 500, 1500, 4000),
        Recorded("multi3", 600, 1200, 2400),
        Recorded("loop", 250, 500, 900),
    ];

    /// <summary>Made ones, not in the averages: what the recorded ones do not show.</summary>
    public static IReadOnlyList<Trace> Made { get; } =
    [
        new("made-cliff", [970, 980, 990], static () => [.. Enumerable.Range(0, 500_000).Select(static i => i % 1000)]),
        new("made-zipf", [1000, 10_000], static () => Zipf(static (_, rank) => rank)),
        new("made-shift", [1000, 10_000], static () => Zipf(static (i, rank) => (rank + (i / 150_000 * 7919)) % ZipfKeys)),
        new("made-scan", [1000, 5000], static () => Zipf(static (i, rank) => i / 20_000 % 3 == 2 ? ZipfKeys + i : rank)),
    ];

    private const int ZipfKeys = 100_000;

    private static Trace Recorded(string name, params int[] sizes) => new(name, sizes, () => ReadFile(name));

    private static int[] ReadFile(string name)
    {
        var file = Path.Combine(Root(), "bench", "data", "traces", $"{name}.i32.gz");
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return MemoryMarshal.Cast<byte, int>(bytes.ToArray()).ToArray(); // little-endian, as the machines that this runs on
    }

    private static int[] Zipf(Func<int, int, int> keyOf)
    {
        var random = new Random(7);
        var sums = new double[ZipfKeys];
        var sum = 0.0;
        for (var i = 0; i < ZipfKeys; i++)
        {
            sums[i] = sum += 1 / Math.Pow(i + 1, 0.9);
        }

        var requests = new int[1_500_000];
        for (var i = 0; i < requests.Length; i++)
        {
            var at = Array.BinarySearch(sums, random.NextDouble() * sum);
            requests[i] = keyOf(i, Math.Min(ZipfKeys - 1, at < 0 ? ~at : at));
        }

        return requests;
    }

    private static string Root()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Millrace.slnx")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException("Run this inside the repository: the traces are in bench/data/traces.");
    }
}
