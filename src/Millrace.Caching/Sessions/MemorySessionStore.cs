using Millrace.Caching.Sharing;

namespace Millrace.Caching.Sessions;

/// <summary>Sessions of one process: the specification that the scripts follow.</summary>
internal sealed class MemorySessionStore(SessionCacheOptions options, TimeProvider time) : SessionStore
{
    private const int UserLimit = 1_000_000;
    private readonly Lock _lock = new(); // guards _users and what is in it
    private readonly ExpiringTable<List<SessionRecord>> _users = new(UserLimit);
    private readonly SteadyClock _clock = new(time);

    public override bool MayRemember => false;

    public override ValueTask<(SessionRecord Session, IReadOnlyList<string> Ended)> CreateAsync(
        SessionToken token, string userId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var (sessions, now) = Live(token.Place);
            sessions.Sort(static (a, b) => (a.Created, a.Id).CompareTo((b.Created, b.Id)));
            var ended = sessions.Take(Math.Max(0, sessions.Count + 1 - options.SessionsPerUser)).Select(static session => session.Id).ToList();
            sessions.RemoveRange(0, ended.Count);
            var session = new SessionRecord(
                token.Id, userId, now, now, now + Milliseconds(options.AbsoluteExpiration), Milliseconds(options.SlidingExpiration), data.ToArray());
            sessions.Add(session);
            var (last, at) = (DateTimeOffset.FromUnixTimeMilliseconds(sessions.Max(static one => one.Ends)), _clock.Now);
            if (!_users.TrySet(token.Place, sessions, last, at))
            {
                throw new InvalidOperationException($"{UserLimit} users have sessions in this process, which is the limit: a further one is refused. Share sessions in Redis.");
            }

            return new((session, ended));
        }
    }

    public override ValueTask<(SessionRecord Session, long Left)?> ValidateAsync(SessionToken token, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var (sessions, now) = Live(token.Place);
            var index = sessions.FindIndex(session => SessionToken.AreEqual(session.Id, token.Id));
            if (index < 0)
            {
                return default;
            }

            sessions[index] = sessions[index] with { Seen = now };
            return new((sessions[index], sessions[index].Expires - now));
        }
    }

    public override ValueTask<IReadOnlyList<SessionRecord>> ListAsync(string place, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new(Live(place).Sessions.ToArray());
        }
    }

    public override ValueTask<IReadOnlyList<string>> RevokeAsync(string place, string id, CancellationToken cancellationToken) =>
        RemoveAsync(place, session => SessionToken.AreEqual(session.Id, id), cancellationToken);

    public override ValueTask<IReadOnlyList<string>> RevokeOthersAsync(string place, string? exceptId, CancellationToken cancellationToken) =>
        RemoveAsync(place, session => session.Id != exceptId, cancellationToken);

    public override ValueTask<bool> SetDataAsync(SessionToken token, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var sessions = Live(token.Place).Sessions;
            var index = sessions.FindIndex(session => SessionToken.AreEqual(session.Id, token.Id));
            if (index >= 0)
            {
                sessions[index] = sessions[index] with { Data = data.ToArray() };
            }

            return new(index >= 0);
        }
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ValueTask<IReadOnlyList<string>> RemoveAsync(string place, Func<SessionRecord, bool> isMeant, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var sessions = Live(place).Sessions;
            var removed = sessions.Where(isMeant).Select(static session => session.Id).ToArray();
            sessions.RemoveAll(session => isMeant(session));
            return new(removed);
        }
    }

    private (List<SessionRecord> Sessions, long Now) Live(string place)
    {
        var at = _clock.Now;
        var now = at.ToUnixTimeMilliseconds();
        var sessions = _users.Find(place, at) ?? [];
        sessions.RemoveAll(session => session.Expires <= now);
        return (sessions, now);
    }

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
