using Millrace.Caching.WarmUp.Prediction;
using Millrace.TestKit;

namespace Millrace.HitRate;

/// <summary>
/// <c>warm.predict</c>: how much of what is warmed for an hour is read in it. The learner follows a real access log for two days; then, for each
/// hour that is left, it names N keys before the hour begins, and goes on learning when it is over. A hit is a key that was named and is read in
/// the hour, counted once.
/// </summary>
/// <remarks>
/// Beside it, with the same N: the top keys of the same hour the day before, of the whole 24 hours before, and of the hour before. An hour has about
/// 70 different keys in this log, so for large N two of these name fewer than N, which keeps their hits per key up; therefore the figure also says
/// what the learner reaches when it names, hour by hour, just as many keys as the other did.
/// </remarks>
internal static class PredictFigure
{
    public const string Name = "warm.predict";

    private const int TrainingHours = 48;
    private const int HeldOutHours = 24;

    public static async Task<IReadOnlyList<PredictLine>> RunAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(RepositoryRoot.Path, "bench", "data", "access-log", "access.tsv.gz");
        var log = await HourlyLog.ReadAsync(path, cancellationToken);
        return [.. new[] { 25, 50, 100, 200 }.Select(budget => Measure(log, budget))];
    }

    private static PredictLine Measure(HourlyLog log, int budget)
    {
        var ranked = Rank(log);
        var heldOut = (log.Hours.Count - HeldOutHours)..log.Hours.Count;
        var judged = TrainingHours..log.Hours.Count;
        var ours = Score(log, judged, hour => ranked[hour].Take(budget));
        var rivals = Rivals(log, budget).Select(rival =>
        {
            var score = Score(log, judged, rival.Names);
            var matched = Score(log, judged, hour => ranked[hour].Take(rival.Names(hour).Count()));
            var late = Score(log, heldOut, rival.Names);
            var matchedLate = Score(log, heldOut, hour => ranked[hour].Take(rival.Names(hour).Count()));
            return new PredictRival(rival.Name, score.Named, score.HitsPerKey, matched.HitsPerKey, score.Coverage, late.HitsPerKey, matchedLate.HitsPerKey);
        }).ToList();
        var best = rivals.Where(rival => rival.Keys == rivals.Max(static other => other.Keys)).MaxBy(static rival => rival.HitsPerKey)!;
        return new PredictLine(
            $"{Name}.{budget}", ours.HitsPerKey, "hits per warmed key", best.Name, best.HitsPerKey, Math.Round(ours.HitsPerKey / best.HitsPerKey, 3),
            ours.Coverage, Score(log, heldOut, hour => ranked[hour].Take(budget)).HitsPerKey, rivals);
    }

    private static IEnumerable<(string Name, Func<int, IEnumerable<string>> Names)> Rivals(HourlyLog log, int budget) =>
    [
        ("same hour yesterday", hour => log.Top((hour - 24)..(hour - 23), budget)),
        ("24 hours before", hour => log.Top((hour - 24)..hour, budget)),
        ("last hour", hour => log.Top((hour - 1)..hour, budget)),
    ];

    /// <summary>What the learner says before each hour, without having seen it.</summary>
    private static List<List<string>> Rank(HourlyLog log)
    {
        var learner = new KeyLearner(capacity: 16_384);
        var ranked = new List<List<string>>();
        foreach (var (index, hour) in log.Hours.Index())
        {
            learner.Advance(log.FirstHour + index);
            ranked.Add([.. learner.Predict(log.FirstHour + index, most: 1000, leastProbability: 0).Select(static guess => guess.Key)]);
            foreach (var key in hour.Keys)
            {
                learner.Observe(key, string.GetHashCode(key, StringComparison.Ordinal));
            }
        }

        return ranked;
    }

    private static (int Named, double HitsPerKey, double Coverage) Score(HourlyLog log, Range hours, Func<int, IEnumerable<string>> names)
    {
        var (hits, named, read) = (0, 0, 0);
        var (start, length) = hours.GetOffsetAndLength(log.Hours.Count);
        for (var hour = start; hour < start + length; hour++)
        {
            foreach (var key in names(hour))
            {
                named++;
                hits += log.Hours[hour].ContainsKey(key) ? 1 : 0;
            }

            read += log.Hours[hour].Count;
        }

        return (named, Math.Round((double)hits / named, 4), Math.Round((double)hits / read, 4));
    }
}
