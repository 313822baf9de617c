using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Sessions;
using Millrace.Caching.Sharing;
using Millrace.Redis;

namespace Millrace.Caching;

/// <summary>
/// Sessions by token, for all nodes: in Redis where there is one, else in the memory of this process. A token that was found good is let in without
/// asking Redis again for a while; a revocation is heard by every node at once.
/// </summary>
/// <remarks>
/// <para>Thread-safe. Of a token only its SHA-256 is stored. Time is the server's. Every call but <see cref="ValidateManyAsync"/> is at most one round trip.</para>
/// <para>
/// A node remembers a good token only while it is sure to hear of revocations: it lets itself be told over Redis that it would, every three seconds.
/// One that is cut off without noticing serves what it remembers for ten seconds at most; one that notices asks Redis at once. The node that revokes
/// never lets the token in again.
/// </para>
/// </remarks>
public sealed class SessionCache : IAsyncDisposable
{
    /// <summary>The characters of a user's id: 256.</summary>
    public const int MaximumUserIdLength = 256;

    /// <summary>The tokens that one call may validate: 10,000.</summary>
    public const int MaximumBatch = 10_000;

    private const int RememberedSessions = 100_000;

    private readonly SessionStore _store;
    private readonly SessionCacheOptions _options;
    private readonly SteadyClock _clock;
    private readonly Cache _remembered;
    private readonly CachePolicy? _policy;
    private int _isDisposed;

    private SessionCache(SessionStore store, SessionCacheOptions options, TimeProvider time)
    {
        (_store, _options, _clock) = (store, options, new SteadyClock(time));
        _remembered = new Cache(
            new CacheOptions { EntryLimit = RememberedSessions }.Immutable<Remembered?>(static entry => 256 + (entry?.Session.Data.Length ?? 0)), time);
        var lifetime = TimeSpan.FromTicks(Math.Min(options.ValidationLifetime.Ticks, options.SlidingExpiration.Ticks / 4));
        _policy = lifetime > TimeSpan.Zero ? new CachePolicy { Expiration = lifetime, Immutable = true } : null;
        _store.Changed = Forget;
    }

    /// <summary>Whether what is remembered is let in now.</summary>
    internal bool IsTrusted => _store.MayRemember;

    /// <summary>Sessions in the memory of this process, which end with it.</summary>
    /// <param name="options">The options; null: the defaults.</param>
    /// <param name="timeProvider">Their time; null: the system's.</param>
    public static SessionCache InMemory(SessionCacheOptions? options = null, TimeProvider? timeProvider = null)
    {
        var (settings, time) = (options ?? new(), timeProvider ?? TimeProvider.System);
        return new(new MemorySessionStore(settings, time), settings, time);
    }

    /// <summary>Sessions in Redis, under keys that begin with <c>cache:!session:</c>; changes are told on the channel <c>cache:!session</c>.</summary>
    /// <param name="client">The client; it stays the caller's, and is disposed after the sessions.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <param name="keyPrefix">What the keys begin with.</param>
    /// <param name="timeProvider">Measures how long this process remembers; null: the system's.</param>
    /// <param name="logger">Is told when revocations cannot be heard; null: nobody is.</param>
    public static SessionCache InRedis(
        RedisClient client, SessionCacheOptions? options = null, string keyPrefix = "cache:", TimeProvider? timeProvider = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(keyPrefix);
        var (settings, time) = (options ?? new(), timeProvider ?? TimeProvider.System);
        return new(new RedisSessionStore(client, settings, keyPrefix, time, logger ?? NullLogger.Instance), settings, time);
    }

    /// <summary>Begins a session. A user who has <see cref="SessionCacheOptions.SessionsPerUser"/> already loses the one that began first.</summary>
    /// <param name="userId">Whose it is: 1 to 256 characters.</param>
    /// <param name="data">Data of the application's own, at most <see cref="SessionCacheOptions.MaximumDataBytes"/>.</param>
    /// <param name="cancellationToken">Gives up; should the session have begun, nobody has its token.</param>
    /// <returns>The session with its token, which is shown this once.</returns>
    /// <exception cref="ArgumentException">The user's id or the data is too long, or the id is empty or no valid Unicode.</exception>
    /// <exception cref="RedisException">Redis did not answer.</exception>
    public async ValueTask<NewSession> CreateAsync(string userId, ReadOnlyMemory<byte> data = default, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        CheckData(data);
        var (text, token) = SessionToken.Create(userId);
        var (session, ended) = await _store.CreateAsync(token, userId, data, cancellationToken).ConfigureAwait(false);
        Forget(ended);
        return new NewSession(text, session.ToSession());
    }

    // 1. What was not made here is refused without asking anybody.
    // 2. What is remembered is let in, while it is sure that a revocation would have been heard.
    // 3. Otherwise the store is asked, once for all who bring the same token, and it notes that the session was seen. A revocation that comes
    //    between the question and its answer dooms the answer: it is not remembered.

    /// <summary>Looks whether a token is good.</summary>
    /// <param name="token">What the client sent; null, or anything that is no token, is not good.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The session; null when there is none, it has expired or was revoked.</returns>
    /// <exception cref="RedisException">Redis did not answer, so that nobody knows: deny, but do not sign out.</exception>
    public async ValueTask<CacheSession?> ValidateAsync(string? token, CancellationToken cancellationToken = default)
    {
        if (!SessionToken.TryParse(token, out var parsed)) // 1
        {
            return null;
        }

        if (_policy is null || !_store.MayRemember)
        {
            return (await AskAsync(parsed, cancellationToken).ConfigureAwait(false))?.Session;
        }

        var known = await _remembered.GetOrCreateAsync(
            parsed.Id, (Sessions: this, Token: parsed), static (state, ct) => state.Sessions.AskAsync(state.Token, ct), _policy, tags: null, cancellationToken)
            .ConfigureAwait(false); // 2, 3
        if (known is null || known.Until <= _clock.Now)
        {
            Forget(parsed.Id);
            return known is null ? null : (await AskAsync(parsed, cancellationToken).ConfigureAwait(false))?.Session;
        }

        return SessionToken.AreEqual(known.Session.Id, parsed.Id) ? known.Session : null;
    }

    /// <summary>Looks which of several tokens are good; what is not remembered is asked for all at once, in as few writes as it takes.</summary>
    /// <param name="tokens">At most <see cref="MaximumBatch"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The sessions in the order of the tokens, null for each that is not good.</returns>
    /// <exception cref="ArgumentException">There are too many.</exception>
    /// <exception cref="RedisException">Redis did not answer.</exception>
    public async ValueTask<CacheSession?[]> ValidateManyAsync(IReadOnlyCollection<string?> tokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.Count > MaximumBatch)
        {
            throw new ArgumentException($"{tokens.Count} tokens in one call; {MaximumBatch} are allowed. Call several times.", nameof(tokens));
        }

        return await Task.WhenAll(tokens.Select(token => ValidateAsync(token, cancellationToken).AsTask())).ConfigureAwait(false);
    }

    /// <summary>A user's sessions that are alive, the latest first.</summary>
    /// <exception cref="ArgumentException">The user's id is empty, too long or no valid Unicode.</exception>
    /// <exception cref="RedisException">Redis did not answer.</exception>
    public async ValueTask<IReadOnlyList<CacheSession>> GetActiveAsync(string userId, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        var sessions = await _store.ListAsync(SessionToken.PlaceOf(userId), cancellationToken).ConfigureAwait(false);
        return [.. sessions.OrderByDescending(static session => session.Created).ThenBy(static session => session.Id, StringComparer.Ordinal).Select(static session => session.ToSession())];
    }

    /// <summary>Ends the session of a token, on every node.</summary>
    /// <param name="token">The token; null, or anything that is no token, ends nothing.</param>
    /// <param name="cancellationToken">Gives up; the session may end nevertheless.</param>
    /// <returns>Whether it was alive.</returns>
    /// <exception cref="RedisException">Redis did not answer; the session may be alive.</exception>
    public ValueTask<bool> RevokeAsync(string? token, CancellationToken cancellationToken = default) =>
        SessionToken.TryParse(token, out var parsed) ? EndAsync(parsed.Place, parsed.Id, cancellationToken) : new(false);

    /// <summary>Ends a session of a user by its id, on every node: one of <see cref="GetActiveAsync"/>.</summary>
    /// <param name="userId">Whose it is; another user's session is not found.</param>
    /// <param name="sessionId">Its <see cref="CacheSession.Id"/>.</param>
    /// <param name="cancellationToken">Gives up; the session may end nevertheless.</param>
    /// <returns>Whether it was alive.</returns>
    /// <exception cref="ArgumentException">The user's id is empty, too long or no valid Unicode.</exception>
    /// <exception cref="RedisException">Redis did not answer; the session may be alive.</exception>
    public ValueTask<bool> RevokeAsync(string userId, string sessionId, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        return SessionToken.IsId(sessionId) ? EndAsync(SessionToken.PlaceOf(userId), sessionId, cancellationToken) : new(false);
    }

    /// <summary>Ends all sessions of a user, or all but one, on every node.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="exceptToken">The token of the session that stays; null, or anything that is no token: none does.</param>
    /// <param name="cancellationToken">Gives up; sessions may end nevertheless.</param>
    /// <returns>How many ended.</returns>
    /// <exception cref="ArgumentException">The user's id is empty, too long or no valid Unicode.</exception>
    /// <exception cref="RedisException">Redis did not answer; sessions may be alive.</exception>
    public async ValueTask<int> RevokeAllAsync(string userId, string? exceptToken = null, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        var except = SessionToken.TryParse(exceptToken, out var kept) ? kept.Id : null;
        var ended = await _store.RevokeOthersAsync(SessionToken.PlaceOf(userId), except, cancellationToken).ConfigureAwait(false);
        Forget(ended);
        return ended.Count;
    }

    /// <summary>Replaces a session's data; every node sees it with its next validation. Who writes last wins.</summary>
    /// <param name="token">The token; null, or anything that is no token, changes nothing.</param>
    /// <param name="data">The data, at most <see cref="SessionCacheOptions.MaximumDataBytes"/>; empty: none.</param>
    /// <param name="cancellationToken">Gives up; the data may be replaced nevertheless.</param>
    /// <returns>Whether the session is alive.</returns>
    /// <exception cref="ArgumentException">The data is too long.</exception>
    /// <exception cref="RedisException">Redis did not answer; the data may be replaced.</exception>
    public async ValueTask<bool> SetDataAsync(string? token, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        CheckData(data);
        if (!SessionToken.TryParse(token, out var parsed))
        {
            return false;
        }

        var isAlive = await _store.SetDataAsync(parsed, data, cancellationToken).ConfigureAwait(false);
        Forget(parsed.Id);
        return isAlive;
    }

    /// <summary>Ends listening. Sessions live on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _store.DisposeAsync().ConfigureAwait(false);
            await _remembered.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<Remembered?> AskAsync(SessionToken token, CancellationToken cancellationToken)
    {
        var asked = _clock.Now;
        return await _store.ValidateAsync(token, cancellationToken).ConfigureAwait(false) is { } found
            ? new Remembered(found.Session.ToSession(), asked.AddMilliseconds(found.Left))
            : null;
    }

    private async ValueTask<bool> EndAsync(string place, string id, CancellationToken cancellationToken)
    {
        var ended = await _store.RevokeAsync(place, id, cancellationToken).ConfigureAwait(false);
        Forget(id);
        return ended.Count > 0;
    }

    private void Forget(IReadOnlyList<string> ids)
    {
        foreach (var id in ids)
        {
            Forget(id);
        }
    }

    /// <summary>In memory only: it is done when this returns.</summary>
    private void Forget(string? id)
    {
        if (id is null)
        {
            _ = _remembered.InvalidateAllAsync(CancellationToken.None).AsTask();
        }
        else
        {
            _ = _remembered.RemoveAsync(id, CancellationToken.None).AsTask();
        }
    }

    private static void CheckUser(string userId)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        if (userId.Length > MaximumUserIdLength)
        {
            throw new ArgumentException($"The user's id has {userId.Length} characters; {MaximumUserIdLength} are allowed.", nameof(userId));
        }
    }

    private void CheckData(ReadOnlyMemory<byte> data)
    {
        if (data.Length > _options.MaximumDataBytes)
        {
            throw new ArgumentException($"The session's data has {data.Length} bytes; {_options.MaximumDataBytes} are allowed. Keep less in it, or raise MaximumDataBytes.", nameof(data));
        }
    }

    /// <summary>A session, and until when it may be let in unasked.</summary>
    private sealed record Remembered(CacheSession Session, DateTimeOffset Until);
}
