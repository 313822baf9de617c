namespace Millrace.Caching.Tests.WarmUp;

/// <summary>Logs of reads for the learner's tests: made up with a seed, each hour a set of counts by key.</summary>
internal static class HourlyReads
{
    /// <summary>
    /// A site of another shape than the access log at hand: half of its keys are read at certain hours of the day, a quarter for some hours after they
    /// came into being, the rest evenly; and crawlers ask for keys that come once.
    /// </summary>
    public static List<Dictionary<string, int>> Make(int seed, int hours)
    {
        var random = new Random(seed);
        var keys = Enumerable.Range(0, 1500).Select(i => (
            Key: $"k:{i}",
            Kind: random.NextDouble(),
            At: random.Next(24),
            Width: 1 + random.Next(4),
            Rate: 0.05 * Math.Pow(1 - random.NextDouble(), -1 / 1.1), // Pareto
            Born: random.Next(hours))).ToArray();
        var log = new List<Dictionary<string, int>>();
        for (var hour = 0; hour < hours; hour++)
        {
            var reads = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var (key, kind, at, width, rate, born) in keys)
            {
                var after = ((hour % 24) - at + 24) % 24;
                var distance = Math.Min(after, 24 - after);
                var expected = kind switch
                {
                    < 0.5 => distance < width ? rate * 4 : rate * 0.02,
                    < 0.75 => hour >= born ? rate * 8 * Math.Pow(0.5, (hour - born) / 6.0) : 0,
                    _ => rate,
                };
                if (Poisson(random, Math.Min(expected, 20)) is > 0 and var count)
                {
                    reads[key] = count;
                }
            }

            for (var i = random.Next(20); i > 0; i--)
            {
                reads[$"crawl:{hour}:{i}"] = 1;
            }

            log.Add(reads);
        }

        return log;
    }

    /// <summary>The keys read most in some hours.</summary>
    public static IEnumerable<string> Top(IEnumerable<IReadOnlyDictionary<string, int>> hours, int most) =>
        hours.SelectMany(hour => hour).GroupBy(pair => pair.Key, pair => pair.Value)
            .OrderByDescending(group => group.Sum()).ThenBy(group => group.Key, StringComparer.Ordinal).Take(most).Select(group => group.Key);

    private static int Poisson(Random random, double mean)
    {
        var (count, product, limit) = (0, random.NextDouble(), Math.Exp(-mean));
        for (; product > limit; count++)
        {
            product *= random.NextDouble();
        }

        return count;
    }
}
