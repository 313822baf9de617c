using System.Text.Json;
using Millrace.HitRate;

if (args is [PredictFigure.Name])
{
    foreach (var line in await PredictFigure.RunAsync(CancellationToken.None))
    {
        Console.WriteLine(JsonSerializer.Serialize(line));
    }

    return 0;
}

(string Name, Func<int, int, ReplacementPolicy> Make)[] policies =
[
    ("lru", static (size, keys) => new LruPolicy(size, keys)),
    ("sieve", static (size, keys) => new SievePolicy(size, keys)),
    ("s3-fifo", static (size, keys) => new S3FifoPolicy(size, keys)),
    ("w-tinylfu", static (size, keys) => new TinyLfuPolicy(size, keys)),
    ("millrace", static (size, keys) => new MillracePolicy(size, keys)),
];
Trace[] traces = [.. Trace.All, .. Trace.Made];
var names = args.ToHashSet(StringComparer.Ordinal);
if (names.Count == 0 || names.Any(name => name is not "all" and not "made" && policies.All(p => p.Name != name) && traces.All(t => t.Name != name)))
{
    await Console.Error.WriteLineAsync($"""
        Millrace.HitRate NAME...

          all            the recorded traces, and each policy's average over them
          made           traces made to show what the recorded ones do not
          traces         {string.Join(", ", traces.Select(static trace => trace.Name))}
          policies       {string.Join(", ", policies.Select(static policy => policy.Name))}; none named: all of them
          {PredictFigure.Name}   alone: keys warmed for the next hour that are read in it, beside yesterday's and the last hour's top keys

        Each trace, size and policy is one line of JSON on standard output.
        """);
    return names.Count == 0 ? 0 : 2;
}

var chosen = policies.Where(policy => names.Contains(policy.Name)).ToArray();
chosen = chosen.Length == 0 ? policies : chosen;
var sums = chosen.ToDictionary(static policy => policy.Name, static _ => (Sum: 0.0, Count: 0), StringComparer.Ordinal);
foreach (var trace in traces.Where(t => names.Contains(t.Name) || (names.Contains("all") && Trace.All.Contains(t)) || (names.Contains("made") && Trace.Made.Contains(t))))
{
    var requests = trace.Read();
    var keys = requests.Max() + 1;
    foreach (var size in trace.Sizes)
    {
        foreach (var (name, make) in chosen)
        {
            using var policy = make(size, keys);
            var hits = 0;
            foreach (var key in requests)
            {
                hits += policy.Request(key) ? 1 : 0;
            }

            var rate = 100.0 * hits / requests.Length;
            sums[name] = Trace.All.Contains(trace) ? (sums[name].Sum + rate, sums[name].Count + 1) : sums[name];
            Console.WriteLine(JsonSerializer.Serialize(new { bench = $"hitrate.{trace.Name}.{size}", policy = name, value = Math.Round(rate, 2), unit = "%" }));
        }
    }
}

if (names.Contains("all"))
{
    foreach (var (name, (sum, count)) in sums)
    {
        Console.WriteLine(JsonSerializer.Serialize(new { bench = "hitrate.average", policy = name, value = Math.Round(sum / count, 2), unit = "%" }));
    }
}

return 0;
