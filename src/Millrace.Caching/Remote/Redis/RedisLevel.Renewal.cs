using System.Globalization;
using System.Security.Cryptography;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

// Entries that are replaced while they stay: those that are refreshed before they expire, and those that have expired and are kept for a source that may
// fail. A lease in their place (Lease.lua) would take from readers what they are to be served meanwhile. So this lease stands beside the entry, on the
// same slot, and says who is at the source; and the entry is replaced only if it is still the one that was found, by its stamp and checksum. Whatever
// invalidates or overwrites the entry thus breaks the lease, be it a foreign client. What invalidates without touching the entry (tags, patterns,
// everything) carries a later stamp than the lease, which becomes the new entry's stamp, so that the new entry counts as invalid like any other.
internal sealed partial class RedisLevel
{
    private const int RetimeAttempts = 4;

    public override async ValueTask<RemoteAnswer> RenewAsync(string key, ReadOnlyMemory<byte> mark, CancellationToken cancellationToken)
    {
        if (!_link.IsReadyFor(key))
        {
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }

        if (_names.RefreshOf(key) is not { } beside)
        {
            return new RemoteAnswer(RemoteAnswerKind.Missing);
        }

        try
        {
            var client = _link.Client;
            var duration = _options.LeaseDuration;
            var lease = RandomNumberGenerator.GetBytes(EntryCodec.TokenLength);
            var seen = _serverClock.Stamp;
            if (_link.IsCluster)
            {
                var reply = await client.EvaluateAsync(RedisScripts.Stamp, [_names.State], [seen], cancellationToken).ConfigureAwait(false);
                seen = long.Parse(reply.AsString()!, CultureInfo.InvariantCulture);
            }

            RedisArgument[] arguments = [lease, Milliseconds(duration), mark, seen];
            var answer = await _link.EvaluateAsync(RedisScripts.Renew, key, [_names.Of(key), beside, _names.State], arguments, cancellationToken)
                .ConfigureAwait(false);
            _link.Succeeded(key);
            switch (answer[0].AsInt64())
            {
                case 1:
                    var stamp = long.Parse(answer[1].AsString()!, CultureInfo.InvariantCulture);
                    _serverClock.Saw(stamp);
                    return new RemoteAnswer(RemoteAnswerKind.Granted) { Lease = new RemoteLease(lease, stamp) { Replaces = mark } };
                case 0:
                    var left = TimeSpan.FromMilliseconds(Math.Clamp(answer[1].AsInt64(), 1, 3_600_000));
                    return new RemoteAnswer(answer[2].AsInt64() == 1 ? RemoteAnswerKind.Failing : RemoteAnswerKind.Leased) { LeaseLeft = left };
                default:
                    return new RemoteAnswer(RemoteAnswerKind.Changed);
            }
        }
        catch (RedisException failure)
        {
            Failed(failure, key);
            return new RemoteAnswer(RemoteAnswerKind.Unavailable);
        }
    }

    public override async ValueTask FailAsync(string key, RemoteLease lease, TimeSpan throttle)
    {
        if (lease.Replaces.IsEmpty)
        {
            await ReleaseAsync(key, lease).ConfigureAwait(false);
            return;
        }

        if (!_link.IsReadyFor(key))
        {
            return; // it ends by itself
        }

        try
        {
            var left = throttle > TimeSpan.Zero ? Milliseconds(throttle) : 0;
            await _link.EvaluateAsync(RedisScripts.Fail, key, [_names.Of(key), _names.RefreshOf(key)!.Value], [lease.Bytes, left]).ConfigureAwait(false);
        }
        catch (RedisException failure)
        {
            Failed(failure, key);
        }
    }

    public override async ValueTask<bool?> RetimeAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < RetimeAttempts; attempt++)
        {
            var found = await ReadAsync(key, [], cancellationToken).ConfigureAwait(false);
            if (found.Kind != RemoteAnswerKind.Hit)
            {
                return found.Kind == RemoteAnswerKind.Unavailable ? null : false;
            }

            try
            {
                var bytes = EntryCodec.Write(found.Entry with { ExpiresAt = _serverClock.Now + Milliseconds(lifetime) }, compressAbove: int.MaxValue);
                var done = await _link.EvaluateAsync(RedisScripts.Retime, key, [_names.Of(key)], [found.Mark, bytes, Milliseconds(lifetime)], cancellationToken)
                    .ConfigureAwait(false);
                if (done.AsInt64() == 1)
                {
                    return true;
                }
            }
            catch (RedisException failure)
            {
                Failed(failure, key);
                return null;
            }
        }

        return false; // others keep changing it: their expiry counts
    }

    public override async ValueTask<RemoteAnswer[]> ReadManyAsync(IReadOnlyList<string> keys, string[] tags, CancellationToken cancellationToken)
    {
        var answers = new RemoteAnswer[keys.Count];
        Array.Fill(answers, new RemoteAnswer(RemoteAnswerKind.Unavailable));
        var losses = _link.LossesOfAny;
        if (_link.IsReady)
        {
            var client = _link.Client;
            await Task.WhenAll(_link.ByServer(keys).Select(places => ReadManyAsync(client, losses, keys, places, tags, answers, cancellationToken))).ConfigureAwait(false);
        }

        return answers;
    }

    /// <summary>Looks some of the keys up, all of them on one server.</summary>
    private async Task ReadManyAsync(
        RedisClient client, long losses, IReadOnlyList<string> keys, int[] places, string[] tags, RemoteAnswer[] answers, CancellationToken cancellationToken)
    {
        try
        {
            var question = _marks.Unknown(tags);
            var get = client.MGetAsync(Array.ConvertAll(places, place => _names.Of(keys[place])), cancellationToken);
            var asked = question is null ? default : AskAsync(client, question, cancellationToken); // leaves in the same write
            byte[]?[] found;
            try
            {
                found = await get.ConfigureAwait(false);
            }
            finally
            {
                await asked.ConfigureAwait(false);
            }

            _link.Succeeded(keys[places[0]]);
            var stored = Array.ConvertAll(found, static bytes => EntryCodec.Cut(bytes));
            await LearnAsync(client, tags, stored, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < places.Length; i++)
            {
                answers[places[i]] = await JudgeAsync(client, losses, keys[places[i]], tags, stored[i], question, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (RedisException failure)
        {
            Failed(failure, keys[places[0]]);
        }
    }

    /// <summary>Asks for the marks of all tags that the entries have and nobody has expected, at once.</summary>
    private async ValueTask LearnAsync(RedisClient client, string[] expected, StoredValue[] found, CancellationToken cancellationToken)
    {
        HashSet<string>? others = null;
        foreach (var stored in found)
        {
            if (EntryCodec.Read(stored, expected, _maximumPayloadBytes, out var entry) == EntryKind.Entry && !ReferenceEquals(entry.Tags, expected))
            {
                (others ??= new HashSet<string>(StringComparer.Ordinal)).UnionWith(entry.Tags);
            }
        }

        if (others is not null && _marks.Unknown([.. others]) is { } question)
        {
            await AskAsync(client, question, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<RedisReply> ReplaceAsync(string key, RemoteLease lease, byte[] bytes, RemoteEntry entry, TimeSpan lifetime)
    {
        var beside = _names.RefreshOf(key)!.Value;
        RedisArgument[] arguments =
            [lease.Bytes, lease.Replaces, bytes, Milliseconds(lifetime), lease.Stamp, .. entry.Tags.Select(static tag => (RedisArgument)tag)];
        return await _link.EvaluateAsync(RedisScripts.Replace, key, [_names.Of(key), beside, _names.State, _names.Tags], arguments).ConfigureAwait(false);
    }
}
