namespace Millrace.Jobs.Stores.Memory;

/// <summary>What the rate of a queue's groups has to remember: of each group whose bucket is not full, when it is full again.</summary>
internal sealed class GroupBuckets
{
    private readonly Dictionary<string, double> _fullAt = new(StringComparer.Ordinal);

    /// <summary>How many groups have a bucket that was not full when it was last looked at.</summary>
    public int Count => _fullAt.Count;

    /// <summary>Takes a token; when there is none, tells when there is.</summary>
    public bool TryTake(string group, JobRate rate, DateTimeOffset time, out DateTimeOffset next)
    {
        double now = time.ToUnixTimeMilliseconds();
        var full = TokenBucket.Normalize(_fullAt.GetValueOrDefault(group), rate, now);
        if (TokenBucket.Tokens(full, rate, now) == 0)
        {
            next = DateTimeOffset.FromUnixTimeMilliseconds((long)TokenBucket.Next(full, rate));
            return false;
        }

        _fullAt[group] = TokenBucket.Take(full, rate, 1);
        next = default;
        return true;
    }

    /// <summary>Forgets buckets that are full.</summary>
    public void Forget(DateTimeOffset now)
    {
        foreach (var (group, full) in _fullAt)
        {
            if (full <= now.ToUnixTimeMilliseconds())
            {
                _fullAt.Remove(group);
            }
        }
    }
}
