using Millrace.Caching.Invalidation;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

/// <summary>Invalidations of this node: carried out, told to the others, or owed.</summary>
internal sealed partial class RedisLevel
{
    public override async ValueTask RemoveAsync(IReadOnlyList<string> keys, bool confirmed, CancellationToken cancellationToken)
    {
        foreach (var key in keys)
        {
            _journal.Note(JournalKind.Key, key);
        }

        try
        {
            if (!_link.IsWritable)
            {
                throw new RedisConnectionException("Redis cannot be asked now.");
            }

            if (!await _link.RemoveAsync([.. keys], CancellationToken.None).ConfigureAwait(false))
            {
                Parked(confirmed);
                return;
            }
        }
        catch (RedisException failure)
        {
            foreach (var key in keys)
            {
                _journal.Owe(JournalKind.Key, key);
            }

            Owing(failure, confirmed);
            return;
        }

        if (confirmed)
        {
            foreach (var chunk in keys.Chunk(256))
            {
                await TellAsync(new InvalidationMessage { Node = Node, Keys = chunk }, confirmed, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override async ValueTask InvalidateAsync(
        IReadOnlyList<string> tags, IReadOnlyList<KeyGlob> patterns, bool everything, bool confirmed, CancellationToken cancellationToken)
    {
        foreach (var chunk in tags.Chunk(256))
        {
            await TellAsync(new InvalidationMessage { Node = Node, Tags = chunk }, confirmed, cancellationToken).ConfigureAwait(false);
        }

        foreach (var chunk in patterns.Chunk(256))
        {
            await TellAsync(new InvalidationMessage { Node = Node, Patterns = [.. chunk.Select(static glob => glob.Text)] }, confirmed, cancellationToken).ConfigureAwait(false);
        }

        if (everything)
        {
            await TellAsync(new InvalidationMessage { Node = Node, Everything = true }, confirmed, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask TellAsync(InvalidationMessage message, bool confirmed, CancellationToken cancellationToken)
    {
        Note(message, static (journal, kind, name) => journal.Note(kind, name));
        var id = confirmed ? _link.Confirmations.Begin() : 0;
        try
        {
            var client = _link.IsWritable ? _link.Client : throw new RedisConnectionException("Redis cannot be asked now.");
            var (_, nodes) = await _link.Publisher.PublishAsync(client, message with { Confirm = id }, _link.IsCluster, CancellationToken.None).ConfigureAwait(false);
            if (confirmed)
            {
                await _link.Confirmations.WaitAsync(id, nodes, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (RedisException failure)
        {
            Note(message, static (journal, kind, name) => journal.Owe(kind, name));
            Owing(failure, confirmed);
        }
        finally
        {
            _link.Confirmations.End(id);
        }
    }

    private void Note(InvalidationMessage message, Action<Journal, JournalKind, string> note)
    {
        Array.ForEach(message.Keys ?? [], key => note(_journal, JournalKind.Key, key));
        Array.ForEach(message.Tags ?? [], tag => note(_journal, JournalKind.Tag, tag));
        Array.ForEach(message.Patterns ?? [], pattern => note(_journal, JournalKind.Pattern, pattern));
        if (message.Everything)
        {
            note(_journal, JournalKind.Everything, "");
        }
    }

    /// <summary>An invalidation is owed: the level is not asked before it is carried out, so that this node never reads what it has invalidated.</summary>
    private void Owing(RedisException failure, bool confirmed)
    {
        Failed(failure);
        _link.LoseWhatIsOwed("an invalidation could not be carried out");
        ThrowIfConfirmed(confirmed, failure);
    }

    /// <summary>The same where that is so of some of a cluster's servers.</summary>
    private void Parked(bool confirmed)
    {
        _patterns.Remote.Failed();
        ThrowIfConfirmed(confirmed, failure: null);
    }

    private static void ThrowIfConfirmed(bool confirmed, RedisException? failure)
    {
        if (confirmed)
        {
            throw new TimeoutException(
                "The invalidation took effect in this process and could not be confirmed by the others, because Redis cannot be reached; it will be carried out as "
                + "soon as it can. Until then others may serve the old value; as fresh no longer than RedisCacheOptions.TrustDuration, if Redis cannot be reached by them either.",
                failure);
        }
    }
}
