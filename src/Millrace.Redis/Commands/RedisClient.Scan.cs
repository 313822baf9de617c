using System.Runtime.CompilerServices;
using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>
/// Scans ask page by page while they are enumerated; each enumeration begins anew. What is there all the time comes at least once, perhaps
/// more than once; what comes or goes meanwhile may come or not. So it is too with slots of a cluster that move meanwhile.
/// </summary>
public sealed partial class RedisClient
{
    private static readonly CommandName Scan = CommandName.Write("SCAN"); // a cursor means nothing to another server
    private static readonly CommandName HScan = CommandName.Write("HSCAN");
    private static readonly CommandName SScan = CommandName.Write("SSCAN");
    private static readonly CommandName ZScan = CommandName.Write("ZSCAN");

    /// <summary>SCAN: all keys, in no order, of one server after the other in a cluster. A key may come more than once.</summary>
    /// <param name="match">The pattern that keys match: <c>*</c>, <c>?</c>, <c>[ab]</c>, <c>\</c> before what is meant literally; null: all. Default: null.</param>
    /// <param name="count">How many the server looks at for one page, about; at least 1; null: its default, 10. Default: null.</param>
    /// <param name="type">What the keys hold, as <see cref="RedisCommands.TypeAsync"/> names it; null: anything. Default: null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public IAsyncEnumerable<byte[]> ScanAsync(string? match = null, int? count = null, string? type = null, CancellationToken cancellationToken = default)
    {
        CheckPage(count);
        return ScanKeysAsync(match, count, type, cancellationToken);
    }

    /// <summary>SCAN: the same page by page, those without a key too: for who bounds how fast the servers are asked.</summary>
    /// <param name="match">As for <see cref="ScanAsync"/>.</param>
    /// <param name="count">As for <see cref="ScanAsync"/>.</param>
    /// <param name="type">As for <see cref="ScanAsync"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public IAsyncEnumerable<IReadOnlyList<byte[]>> ScanPagesAsync(string? match = null, int? count = null, string? type = null, CancellationToken cancellationToken = default)
    {
        CheckPage(count);
        return ScanServersAsync(match, count, type, cancellationToken);
    }

    /// <summary>HSCAN: all fields of a hash, in no order. A field may come more than once.</summary>
    /// <param name="key">The key.</param>
    /// <param name="match">The pattern that names match, as for <see cref="ScanAsync"/>; null: all. Default: null.</param>
    /// <param name="count">How many the server looks at for one page, about; at least 1; null: its default, 10. Default: null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public IAsyncEnumerable<RedisField> HScanAsync(RedisKey key, string? match = null, int? count = null, CancellationToken cancellationToken = default)
    {
        CheckPage(count);
        return ScanKeyAsync(HScan, Replies.FieldsPage, key, match, count, cancellationToken);
    }

    /// <summary>SSCAN: all members of a set, in no order. A member may come more than once.</summary>
    /// <param name="key">The key.</param>
    /// <param name="match">The pattern that members match, as for <see cref="ScanAsync"/>; null: all. Default: null.</param>
    /// <param name="count">How many the server looks at for one page, about; at least 1; null: its default, 10. Default: null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public IAsyncEnumerable<byte[]> SScanAsync(RedisKey key, string? match = null, int? count = null, CancellationToken cancellationToken = default)
    {
        CheckPage(count);
        return ScanKeyAsync(SScan, Replies.ValuesPage, key, match, count, cancellationToken);
    }

    /// <summary>ZSCAN: all members of a sorted set, in no order. A member may come more than once.</summary>
    /// <param name="key">The key.</param>
    /// <param name="match">The pattern that members match, as for <see cref="ScanAsync"/>; null: all. Default: null.</param>
    /// <param name="count">How many the server looks at for one page, about; at least 1; null: its default, 10. Default: null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public IAsyncEnumerable<RedisScored> ZScanAsync(RedisKey key, string? match = null, int? count = null, CancellationToken cancellationToken = default)
    {
        CheckPage(count);
        return ScanKeyAsync(ZScan, Replies.ScoredPage, key, match, count, cancellationToken);
    }

    private static void CheckPage(int? count)
    {
        if (count is { } page)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(page, 1, nameof(count));
        }
    }

    private static void AddPage(ref ArgumentList arguments, byte[] cursor, string? match, int? count)
    {
        arguments.Add(cursor);
        if (match is not null)
        {
            arguments.Add("MATCH");
            arguments.Add(match);
        }

        if (count is { } page)
        {
            arguments.Add("COUNT");
            arguments.Add(page);
        }
    }

    private async IAsyncEnumerable<byte[]> ScanKeysAsync(string? match, int? count, string? type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in ScanServersAsync(match, count, type, cancellationToken).ConfigureAwait(false))
        {
            foreach (var key in page)
            {
                yield return key;
            }
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<byte[]>> ScanServersAsync(
        string? match, int? count, string? type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var node in await PrimariesAsync(cancellationToken).ConfigureAwait(false))
        {
            var page = new ScanPage<byte[]>("0"u8.ToArray(), []);
            do
            {
                page = await ScanPageAsync(node, page.Cursor, match, count, type, cancellationToken).ConfigureAwait(false);
                yield return page.Items;
            }
            while (!page.IsLast);
        }
    }

    private ValueTask<ScanPage<byte[]>> ScanPageAsync(
        ServerNode node, byte[] cursor, string? match, int? count, string? type, CancellationToken cancellationToken)
    {
        var arguments = new ArgumentList(7);
        AddPage(ref arguments, cursor, match, count);
        if (type is not null)
        {
            arguments.Add("TYPE");
            arguments.Add(type);
        }

        return SendToAsync(node, Scan, Replies.ValuesPage, ref arguments, cancellationToken);
    }

    private async IAsyncEnumerable<T> ScanKeyAsync<T>(
        CommandName name, ReplyParser<ScanPage<T>> parser, RedisKey key, string? match, int? count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = new ScanPage<T>("0"u8.ToArray(), []);
        do
        {
            page = await ScanPageAsync(name, parser, key, page.Cursor, match, count, cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Items)
            {
                yield return item;
            }
        }
        while (!page.IsLast);
    }

    private ValueTask<ScanPage<T>> ScanPageAsync<T>(
        CommandName name, ReplyParser<ScanPage<T>> parser, RedisKey key, byte[] cursor, string? match, int? count, CancellationToken cancellationToken)
    {
        var arguments = new ArgumentList(6);
        arguments.Add(key);
        AddPage(ref arguments, cursor, match, count);
        return SendAsync(name, parser, ref arguments, cancellationToken);
    }
}
