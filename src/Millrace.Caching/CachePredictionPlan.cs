using Millrace.Caching.Invalidation;
using Millrace.Caching.WarmUp.Prediction;

namespace Millrace.Caching;

/// <summary>What predictive warming of one cache learns from and warms; see <see cref="CacheBuilder.AddPredictiveWarming"/>. Used while services are registered, by one thread.</summary>
public sealed class CachePredictionPlan
{
    private const int MostLoaders = 100;
    private const int MostExclusions = 100;

    private readonly List<PredictionLoader> _loaders = [];
    private readonly List<KeyGlob> _exclusions = [];

    internal CachePredictionPlan()
    {
    }

    /// <summary>The keys that are warmed for an hour, at most. From 1 to 100,000; default 200.</summary>
    public int KeysPerHour { get; set; } = 200;

    /// <summary>Keys that are less likely to be read in the hour than this are not warmed. From 0 to 1; default 0.05.</summary>
    public double MinimumProbability { get; set; } = 0.05;

    /// <summary>How long before the hour its keys are warmed. From 0 to 30 minutes; default 0: at its turn.</summary>
    public TimeSpan LeadTime { get; set; }

    /// <summary>
    /// The keys whose use is followed. From 256 to 262,144; default 16,384, which takes about 4 MB with keys of 40 characters, and 20 MB at worst. When all
    /// places are taken, a key that is read in a second hour takes the place of one that is hardly used. Keys of more than 512 characters are not followed.
    /// </summary>
    public int TrackedKeys { get; set; } = 16_384;

    /// <summary>
    /// A file that keeps what was learned from one start to the next: read at the start, replaced at each hour's turn and at the end. It holds keys of the
    /// cache in clear; one process writes it. Null, the default: learning begins anew with each start.
    /// </summary>
    public string? File { get; set; }

    /// <summary>How the warming runs: batches, concurrency, pace, attempts, share of evictions. Its schedule and budget of entries are set by this plan.</summary>
    public Action<CacheWarmerPlan>? Warming { get; set; }

    internal IReadOnlyList<PredictionLoader> Loaders => _loaders;

    /// <summary>Says how keys that fit a pattern are made; the first pattern that fits a key counts. Keys that fit none are not followed and not warmed. At most 100.</summary>
    /// <param name="pattern">Text in which <c>*</c> stands for any characters: <c>project:*</c>.</param>
    /// <param name="load">Makes the value of a key, as a factory of the cache does; gets the services of a scope. Called through <see cref="Cache"/>'s ordinary read, so a key that is there is not made again.</param>
    /// <param name="policy">How long the value is kept; as where the application reads the key. It should live as long as the hour, or warming early gains nothing.</param>
    /// <param name="tags">The tags of a key; null: none.</param>
    /// <returns>This plan, for the next call.</returns>
    /// <exception cref="ArgumentException">The text is no pattern.</exception>
    /// <exception cref="InvalidOperationException">There are 100 already.</exception>
    public CachePredictionPlan Load<T>(
        string pattern, Func<IServiceProvider, string, CancellationToken, ValueTask<T>> load, CachePolicy policy, Func<string, IEnumerable<string>>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(load);
        ArgumentNullException.ThrowIfNull(policy);
        Room(_loaders.Count, MostLoaders);
        _loaders.Add(new PredictionLoader<T>(KeyGlob.Parse(pattern), load, policy, tags));
        return this;
    }

    /// <summary>Leaves out keys that fit a pattern, whatever other patterns they fit. At most 100.</summary>
    /// <param name="pattern">Text in which <c>*</c> stands for any characters: <c>session:*</c>.</param>
    /// <returns>This plan, for the next call.</returns>
    /// <exception cref="ArgumentException">The text is no pattern.</exception>
    /// <exception cref="InvalidOperationException">There are 100 already.</exception>
    public CachePredictionPlan Exclude(string pattern)
    {
        Room(_exclusions.Count, MostExclusions);
        _exclusions.Add(KeyGlob.Parse(pattern));
        return this;
    }

    /// <summary>What makes a key; null where it is not warmed.</summary>
    internal PredictionLoader? LoaderOf(string key)
    {
        foreach (var exclusion in _exclusions)
        {
            if (exclusion.Matches(key))
            {
                return null;
            }
        }

        return _loaders.Find(loader => loader.Pattern.Matches(key));
    }

    /// <summary>What is wrong with it; null when nothing is.</summary>
    internal string? Fault() =>
        _loaders.Count == 0 ? "nothing to load: call Load for at least one pattern of keys"
        : KeysPerHour is < 1 or > 100_000 ? $"{nameof(KeysPerHour)} is {KeysPerHour}; it must be from 1 to 100000"
        : !(MinimumProbability is >= 0 and <= 1) ? $"{nameof(MinimumProbability)} is {MinimumProbability}; it must be from 0 to 1"
        : LeadTime < TimeSpan.Zero || LeadTime > TimeSpan.FromMinutes(30) ? $"{nameof(LeadTime)} is {LeadTime}; it must be from 0 to 30 minutes"
        : TrackedKeys is < 256 or > 262_144 ? $"{nameof(TrackedKeys)} is {TrackedKeys}; it must be from 256 to 262144"
        : File is not null && string.IsNullOrWhiteSpace(File) ? $"{nameof(File)} is empty"
        : null;

    private static void Room(int count, int most)
    {
        if (count >= most)
        {
            throw new InvalidOperationException($"Predictive warming takes {most} patterns of a kind; use fewer, wider ones.");
        }
    }
}
