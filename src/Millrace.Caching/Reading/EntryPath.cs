using System.Runtime.InteropServices;
using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Naming;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Reading;

/// <summary>What is asked of entries without a source: whether they are there, how long, several at once.</summary>
internal sealed class EntryPath(
    CacheOptions options,
    (LocalStore Local, FlightTable Flights, InvalidationLedger Ledger, KeyPatterns Patterns) parts,
    SecondLevel? remote,
    SourcePath source,
    ReadOrder order,
    KeyRules keys,
    CacheClock clock)
{
    /// <summary>The most keys of one call.</summary>
    public const int MaximumKeys = 10_000;

    private const int Attempts = 4;

    private readonly bool _enabled = options.Enabled;
    private readonly Policies _policies = new(options);

    public async ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken)
    {
        keys.CheckKey(key);
        return parts.Local.Find(key, clock.Now) is not null
            || (await AskAsync(key, cancellationToken).ConfigureAwait(false)).Kind == RemoteAnswerKind.Hit;
    }

    public async ValueTask<TimeSpan?> GetExpirationAsync(string key, CancellationToken cancellationToken)
    {
        keys.CheckKey(key);
        var answer = await AskAsync(key, cancellationToken).ConfigureAwait(false);
        if (answer.Kind == RemoteAnswerKind.Hit)
        {
            return TimeSpan.FromMilliseconds(Math.Max(1, answer.Entry.ExpiresAt - remote!.ServerNowFor(key)));
        }

        var now = clock.Now;
        return parts.Local.Find(key, now) is { } entry ? clock.Span(entry.Deadline(now) - now) : null;
    }

    public async ValueTask<bool> TouchAsync(string key, TimeSpan expiration, CancellationToken cancellationToken)
    {
        keys.CheckKey(key);
        cancellationToken.ThrowIfCancellationRequested();
        if (!_enabled)
        {
            return false;
        }

        if (remote is not null)
        {
            await ReadyAsync(key, cancellationToken).ConfigureAwait(false);
            var done = await remote.RetimeAsync(key, expiration, cancellationToken).ConfigureAwait(false);
            if (done == true)
            {
                parts.Local.Drop(key); // the server spares this process the news of its own change
            }

            return done == true;
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var now = clock.Now;
            if (parts.Local.Find(key, now) is not { } entry)
            {
                return false;
            }

            if (parts.Local.TryReplace(key, entry, entry.Retimed(now, now + clock.Units(expiration), parts.Patterns[entry.PatternNumber])))
            {
                return true;
            }
        }

        return false; // others keep changing it: their expiry counts
    }

    /// <summary>What L1 has of these keys, and what L2 has of the rest, asked for at once.</summary>
    public async ValueTask<Dictionary<string, T?>> GetManyAsync<T>(IReadOnlyCollection<string> wanted, Func<Entry, long, T?> hit, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, T?>(wanted.Count, StringComparer.Ordinal);
        var missing = Missing(wanted, found, hit);
        foreach (var key in missing)
        {
            parts.Patterns.Of(key).Missed();
        }

        if (missing.Count == 0 || remote is null || !_enabled)
        {
            return found;
        }

        // Nobody can doom these flights, they are in no table. What has happened to a key since its mark was taken keeps its value out of L1 instead.
        var terms = _policies.Resolve(policy: null, call: null);
        var marks = missing.ConvertAll(parts.Local.ChangesOf);
        var flights = missing.ConvertAll(key => new SingleFlight<T>(new FlightKey(key, FlightLevels.ReadsRemote), [], parts.Ledger.Sequence, order.Next(), isCancellable: false));
        await remote.ReadyAsync(missing, cancellationToken).ConfigureAwait(false);
        var asked = source.Moment;
        var answers = await remote.ReadManyAsync(missing, [], cancellationToken).ConfigureAwait(false);
        var moved = new Dictionary<int, int>(); // by how much this call has moved the marks itself, which keys of equal hash share
        for (var i = 0; i < answers.Length; i++)
        {
            using var flight = flights[i];
            source.Time(answers[i], asked, parts.Patterns.Of(missing[i]));
            if (answers[i].Kind != RemoteAnswerKind.Hit)
            {
                continue;
            }

            ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(moved, parts.Local.MarkOf(missing[i]), out _);
            own += source.Overtake(flight, answers[i], replaces: false) ? 1 : 0;
            if (source.Make(flight, answers[i].Entry, terms, parts.Patterns.Of(missing[i]), isKept: true) is { } landing)
            {
                found[missing[i]] = landing.Original;
                source.Count(landing.Entry, parts.Local.StoreUnchanged(landing.Entry, flight, marks[i] + own));
            }
        }

        return found;
    }

    /// <summary>Checks the keys, takes what L1 has, and returns the others, each once.</summary>
    public List<string> Missing<T>(IReadOnlyCollection<string> wanted, Dictionary<string, T?> found, Func<Entry, long, T?> hit)
    {
        CheckCount(wanted.Count);
        var missing = new HashSet<string>(StringComparer.Ordinal);
        var now = clock.Now;
        foreach (var key in wanted)
        {
            ArgumentNullException.ThrowIfNull(key, nameof(wanted));
            if (found.ContainsKey(key))
            {
                continue;
            }

            if (parts.Local.Find(key, now) is { } entry)
            {
                found.Add(key, hit(entry, now));
            }
            else
            {
                keys.CheckKey(key);
                missing.Add(key);
            }
        }

        return [.. missing];
    }

    public static void CheckCount(int count)
    {
        if (count > MaximumKeys)
        {
            throw new ArgumentException($"One call may name {MaximumKeys} keys, and this one names {count}. Split it.", nameof(count));
        }
    }

    private async ValueTask<RemoteAnswer> AskAsync(string key, CancellationToken cancellationToken)
    {
        if (remote is null || !_enabled)
        {
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }

        await ReadyAsync(key, cancellationToken).ConfigureAwait(false);
        return await remote.ReadAsync(key, [], cancellationToken).ConfigureAwait(false);
    }

    private ValueTask ReadyAsync(string key, CancellationToken cancellationToken) =>
        remote!.IsAvailableFor(key) ? default : remote.ReadyAsync(key, cancellationToken);
}
