using Microsoft.Extensions.Logging;
using Millrace.Caching.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Sessions;

/// <summary>Sessions in Redis: two hashes for each user on one slot, and a channel that tells of sessions that ended or changed.</summary>
internal sealed class RedisSessionStore : SessionStore
{
    private static readonly RedisScript Create = Scripts.Load("Sessions", "Create", keyCount: 2);
    private static readonly RedisScript Validate = Scripts.Load("Sessions", "Validate", keyCount: 2);
    private static readonly RedisScript List = Scripts.Load("Sessions", "List", keyCount: 2);
    private static readonly RedisScript Revoke = Scripts.Load("Sessions", "Revoke", keyCount: 2);
    private static readonly RedisScript SetData = Scripts.Load("Sessions", "SetData", keyCount: 2);

    private readonly RedisClient _client;
    private readonly SessionCacheOptions _options;
    private readonly SharedNames _names;
    private readonly ChangeFeed _feed;

    public RedisSessionStore(RedisClient client, SessionCacheOptions options, string keyPrefix, TimeProvider time, ILogger logger)
    {
        (_client, _options, _names) = (client, options, new SharedNames(keyPrefix, "session"));
        _feed = new ChangeFeed(client, _names.Channel, id => Changed?.Invoke(id), time, logger);
    }

    public override bool MayRemember => _feed.IsTrusted;

    public override async ValueTask<(SessionRecord Session, IReadOnlyList<string> Ended)> CreateAsync(
        SessionToken token, string userId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var (sliding, absolute) = (Scripts.Milliseconds(_options.SlidingExpiration), Scripts.Milliseconds(_options.AbsoluteExpiration));
        var reply = await _client.EvaluateAsync(
            Create, Keys(token.Place), [userId, token.Id, sliding, absolute, _options.SessionsPerUser, _names.Channel, data], cancellationToken).ConfigureAwait(false);
        var now = reply[0].AsInt64();
        return (new SessionRecord(token.Id, userId, now, now, now + absolute, sliding, data.ToArray()), Ids(reply[1]));
    }

    public override async ValueTask<(SessionRecord Session, long Left)?> ValidateAsync(SessionToken token, CancellationToken cancellationToken)
    {
        var reply = await _client.EvaluateAsync(Validate, Keys(token.Place), [token.Id], cancellationToken).ConfigureAwait(false);
        return reply.Count == 4 && SessionRecord.Parse(token.Id, reply[1].AsString(), reply[2].AsString(), reply[3].AsBytes()) is { } session
            ? (session, session.Expires - reply[0].AsInt64())
            : null;
    }

    public override async ValueTask<IReadOnlyList<SessionRecord>> ListAsync(string place, CancellationToken cancellationToken)
    {
        var reply = await _client.EvaluateAsync(List, Keys(place), [], cancellationToken).ConfigureAwait(false);
        var sessions = new List<SessionRecord>();
        for (var i = 2; i + 2 < reply.Count; i += 3)
        {
            if (SessionRecord.Parse(reply[i].AsString(), reply[1].AsString(), reply[i + 1].AsString(), reply[i + 2].AsBytes()) is { } session)
            {
                sessions.Add(session);
            }
        }

        return sessions;
    }

    public override async ValueTask<IReadOnlyList<string>> RevokeAsync(string place, string id, CancellationToken cancellationToken) =>
        Ids(await _client.EvaluateAsync(Revoke, Keys(place), [_names.Channel, "one", id], cancellationToken).ConfigureAwait(false));

    public override async ValueTask<IReadOnlyList<string>> RevokeOthersAsync(string place, string? exceptId, CancellationToken cancellationToken) =>
        Ids(await _client.EvaluateAsync(Revoke, Keys(place), [_names.Channel, "others", exceptId ?? ""], cancellationToken).ConfigureAwait(false));

    public override async ValueTask<bool> SetDataAsync(SessionToken token, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        (await _client.EvaluateAsync(SetData, Keys(token.Place), [_names.Channel, token.Id, data], cancellationToken).ConfigureAwait(false)).AsBoolean();

    public override ValueTask DisposeAsync() => _feed.DisposeAsync();

    private RedisKey[] Keys(string place) => [_names.Key(place), _names.Key(place, "data")];

    private static List<string> Ids(RedisReply reply) => [.. reply.Items.Select(static id => id.AsString() ?? "").Where(SessionToken.IsId)];
}
