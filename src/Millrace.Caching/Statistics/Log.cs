using Microsoft.Extensions.Logging;

namespace Millrace.Caching.Statistics;

/// <summary>Everything this package logs; the event ids are stable.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning,
        "Cache '{Cache}': a value of {Bytes} bytes under a key like '{Pattern}' is not stored, the limit for one value is {Limit} bytes. "
        + "Cache less, or raise MaximumPayloadBytes (or SizeLimitBytes, of which an entry gets a quarter at most). Said once per pattern.")]
    public static partial void EntryTooHeavy(ILogger logger, string cache, string pattern, long bytes, long limit);

    [LoggerMessage(1002, LogLevel.Warning,
        "Cache '{Cache}': the weight of immutable values of {Type} cannot be estimated, each counts as {Bytes} bytes. Pass a weigher to Immutable<T>(). Said once per type.")]
    public static partial void WeightUnknown(ILogger logger, Exception exception, string cache, string type, long bytes);

    [LoggerMessage(1003, LogLevel.Error, "Cache warmer '{Warmer}' of cache '{Cache}' failed.")]
    public static partial void WarmerFailed(ILogger logger, Exception exception, string warmer, string cache);

    [LoggerMessage(1004, LogLevel.Information,
        "Cache '{Cache}': more than {Limit} tags have been invalidated; the older half is forgotten and tagged entries older than that are dropped. "
        + "Raise InvalidatedTagLimit if this is frequent.")]
    public static partial void TagsForgotten(ILogger logger, string cache, int limit);

    [LoggerMessage(1120, LogLevel.Warning, "Rate limits: Redis does not answer. Until it does, what limits decide is: {Fallback}. Said once per outage.")]
    public static partial void LimiterLostRedis(ILogger logger, Exception exception, RateLimitFallback fallback);

    [LoggerMessage(1121, LogLevel.Information, "Rate limits: Redis answers again, limits are shared.")]
    public static partial void LimiterFoundRedis(ILogger logger);

    [LoggerMessage(1122, LogLevel.Warning, "Lock '{Lock}' with fencing token {Token} is lost: {Reason} Its holder is told by the token Lost.")]
    public static partial void LockLost(ILogger logger, string @lock, long token, string reason);

    [LoggerMessage(1123, LogLevel.Warning, "Locks: the channel that tells of releases cannot be heard. Waiters ask again after {Interval} at most. Said once per outage.")]
    public static partial void LockChannelLost(ILogger logger, Exception exception, TimeSpan interval);

    [LoggerMessage(1124, LogLevel.Information, "Lock '{Lock}' could not be given back; it ends with its lease.")]
    public static partial void LockNotReleased(ILogger logger, Exception exception, string @lock);

    [LoggerMessage(1125, LogLevel.Warning, "Sessions: the channel that tells of revocations cannot be heard. Until it can, every validation asks Redis. Said once per outage.")]
    public static partial void SessionChannelLost(ILogger logger, Exception exception);

    [LoggerMessage(1126, LogLevel.Information, "Sessions: the channel that tells of revocations is heard.")]
    public static partial void SessionChannelHeard(ILogger logger);

    [LoggerMessage(1010, LogLevel.Warning,
        "Cache '{Cache}': Redis cannot be used now; reads go to their sources, and invalidations are kept for later. Said once per outage.")]
    public static partial void SecondLevelAway(ILogger logger, Exception exception, string cache);

    [LoggerMessage(1011, LogLevel.Information, "Cache '{Cache}': Redis can be used again after {Duration}; what was owed was carried out.")]
    public static partial void SecondLevelBack(ILogger logger, string cache, TimeSpan duration);

    [LoggerMessage(1020, LogLevel.Information,
        "Cache '{Cache}': {Server} has no key tracking (CLIENT TRACKING). Nodes tell each other of changed keys; what other clients change there is not seen before copies expire.")]
    public static partial void KeysAreTold(ILogger logger, string cache, string server);

    [LoggerMessage(1021, LogLevel.Warning,
        "Cache '{Cache}': Redis has the maxmemory-policy {Policy}, which may evict the keys that invalidations are known by; then all that is cached there is lost at once. Set it to {Better}.")]
    public static partial void ServerEvicts(ILogger logger, string cache, string policy, string better);

    [LoggerMessage(1012, LogLevel.Information, "Cache '{Cache}': {Reason}; copies from before are not served as fresh.")]
    public static partial void TrustLost(ILogger logger, string cache, string reason);

    [LoggerMessage(1013, LogLevel.Warning, "Cache '{Cache}': a message of {Bytes} bytes on its channel cannot be read. Does something else publish there, or a later version?")]
    public static partial void MessageUnreadable(ILogger logger, string cache, int bytes);

    [LoggerMessage(1014, LogLevel.Warning,
        "Cache '{Cache}': what stands in the second level under a key like '{Pattern}' cannot be read ({Bytes} bytes; foreign, damaged or of a later version); it counts as missing. "
        + "Said once per pattern and minute.")]
    public static partial void EntryUnreadable(ILogger logger, string cache, string pattern, int bytes);

    [LoggerMessage(1015, LogLevel.Warning, "Cache '{Cache}': Redis does not answer; it is not asked until it does.")]
    public static partial void BreakerOpened(ILogger logger, Exception exception, string cache);

    [LoggerMessage(1023, LogLevel.Warning, "Cache '{Cache}': {Server}, a server of the cluster, is away: {Reason}. Its keys are not asked for, and no copies of them are fresh, until it answers.")]
    public static partial void ServerLost(ILogger logger, string cache, string server, string reason);

    [LoggerMessage(1024, LogLevel.Information, "Cache '{Cache}': servers of the cluster that were away are asked again. It has {Servers}.")]
    public static partial void ServersBack(ILogger logger, string cache, string servers);

    [LoggerMessage(1016, LogLevel.Warning, "Cache '{Cache}': Redis refused to store a value: {Reason} Said once a minute.")]
    public static partial void StoreRefused(ILogger logger, string cache, string reason);

    [LoggerMessage(1018, LogLevel.Warning, "Cache '{Cache}': its distributed cache ({Type}) does not answer; reads go to their sources, and invalidations are kept for later. Said once per outage.")]
    public static partial void DistributedCacheAway(ILogger logger, Exception exception, string cache, string type);

    [LoggerMessage(1019, LogLevel.Information, "Cache '{Cache}': its distributed cache answers again.")]
    public static partial void DistributedCacheBack(ILogger logger, string cache);

    [LoggerMessage(1017, LogLevel.Warning, "Cache '{Cache}': a value under a key like '{Pattern}' cannot be read back from the second level; it counts as missing.")]
    public static partial void PayloadUnreadable(ILogger logger, Exception exception, string cache, string pattern);

    [LoggerMessage(1025, LogLevel.Debug, "Cache '{Cache}': {Looked} entries of the second level were looked at and {Removed} invalidated ones removed, in {Duration}.")]
    public static partial void Swept(ILogger logger, string cache, long looked, long removed, TimeSpan duration);

    [LoggerMessage(1022, LogLevel.Information, "Cache '{Cache}': a sweep of invalidated entries in the second level was broken off; it is begun anew later. Said once until one succeeds.")]
    public static partial void SweepFailed(ILogger logger, Exception exception, string cache);

    [LoggerMessage(1200, LogLevel.Warning,
        "Cache '{Cache}': the source of keys like '{Pattern}' fails; what is kept of them is served meanwhile, as long as their policy allows. Said once per outage.")]
    public static partial void SourceFailing(ILogger logger, Exception exception, string cache, string pattern);

    [LoggerMessage(1201, LogLevel.Information, "Cache '{Cache}': the source of keys like '{Pattern}' answers again after {Duration}.")]
    public static partial void SourceBack(ILogger logger, string cache, string pattern, TimeSpan duration);

    [LoggerMessage(1202, LogLevel.Error,
        "Cache '{Cache}': {Limit} factories go on though their time is over and their tokens are cancelled; until one ends, no other with a HardTimeout is begun. "
        + "Pass the token on to what the factories wait for.")]
    public static partial void TooManyOverdue(ILogger logger, string cache, int limit);

    [LoggerMessage(1140, LogLevel.Information,
        "Write-behind '{Name}': this node took over partition {Partition} with {Pending} pending writes (fencing number {Fence}).")]
    public static partial void WritesTakenOver(ILogger logger, string name, int partition, long pending, long fence);

    [LoggerMessage(1141, LogLevel.Error,
        "Write-behind '{Name}': its store ({Store}) does not work. Writes fail, nothing is flushed, and reads go to the source without being kept. Said once until it works again.")]
    public static partial void WriteStoreFailing(ILogger logger, Exception exception, string name, string store);

    [LoggerMessage(1142, LogLevel.Information, "Write-behind '{Name}': its store ({Store}) works again.")]
    public static partial void WriteStoreWorks(ILogger logger, string name, string store);

    [LoggerMessage(1143, LogLevel.Warning, "Write-behind '{Name}': the source refuses writes; they are tried again. Said once until it takes some again.")]
    public static partial void WriteSourceFailing(ILogger logger, Exception exception, string name);

    [LoggerMessage(1144, LogLevel.Information, "Write-behind '{Name}': the source takes writes again.")]
    public static partial void WriteSourceWorks(ILogger logger, string name);

    [LoggerMessage(1145, LogLevel.Error, "Write-behind '{Name}': the write of key '{Key}' (number {Sequence}) is dead: {Reason} Replay or discard it.")]
    public static partial void WriteDied(ILogger logger, string name, string key, long sequence, string reason);

    [LoggerMessage(1146, LogLevel.Warning,
        "Write-behind '{Name}': partition {Partition} has another owner since this one (fencing number {Fence}) was silent; what became of {Writes} writes was not told, "
        + "and the new owner delivers them again. Raise Lease if this node was only busy.")]
    public static partial void WriteLeaseLost(ILogger logger, string name, int partition, int writes, long fence);

    [LoggerMessage(1147, LogLevel.Warning, "Write-behind '{Name}' stopped with {Pending} writes pending, in {Store}; lost if that is memory, flushed by the next start if not.")]
    public static partial void WritesLeft(ILogger logger, string name, long pending, string store);

    [LoggerMessage(1148, LogLevel.Error,
        "Write-behind '{Name}': a call of the handler did not end within {Limit} of the end of the drain; it ignores its token, and is left to itself.")]
    public static partial void WriteHandlerStuck(ILogger logger, string name, TimeSpan limit);

    [LoggerMessage(1160, LogLevel.Information,
        "Cache warmer '{Warmer}' of cache '{Cache}': {Outcome} after {Milliseconds:0} ms; {Entries} entries filled, {FailedBatches} of {Batches} batches failed, {Retries} retries.")]
    public static partial void WarmingEnded(
        ILogger logger, string warmer, string cache, CacheWarmingOutcome outcome, double milliseconds, int entries, int failedBatches, int batches, int retries);

    [LoggerMessage(1161, LogLevel.Warning, "Cache warmer '{Warmer}' of cache '{Cache}': attempt {Attempt} of {Attempts} failed; it is tried again.")]
    public static partial void WarmingAttemptFailed(ILogger logger, Exception exception, string warmer, string cache, int attempt, int attempts);

    [LoggerMessage(1162, LogLevel.Information, "Cache warmer '{Warmer}' of cache '{Cache}' stops with {Left} candidates left: {Reason}")]
    public static partial void WarmingStopped(ILogger logger, string warmer, string cache, int left, string reason);

    [LoggerMessage(1163, LogLevel.Warning,
        "Cache warmer '{Warmer}' of cache '{Cache}' names more than {Limit} candidates; the rest is not looked at. Name fewer, or raise CandidateLimit.")]
    public static partial void CandidatesCut(ILogger logger, string warmer, string cache, int limit);

    [LoggerMessage(1164, LogLevel.Warning, "Cache warmer '{Warmer}' of cache '{Cache}': an attempt that did not heed its cancellation has ended late, with a failure.")]
    public static partial void WarmingEndedLate(ILogger logger, Exception exception, string warmer, string cache);

    [LoggerMessage(1165, LogLevel.Warning, "Cache warmer '{Warmer}' was not begun.")]
    public static partial void WarmingNotBegun(ILogger logger, Exception exception, string warmer);

    [LoggerMessage(1170, LogLevel.Information, "Cache '{Cache}': {Keys} keys learned earlier are known again, from '{File}'.")]
    public static partial void LearnedLoaded(ILogger logger, string cache, int keys, string file);

    [LoggerMessage(1171, LogLevel.Warning, "Cache '{Cache}': '{File}' cannot be used ({Reason}); learning begins anew, and the file is replaced within the hour.")]
    public static partial void LearnedRefused(ILogger logger, Exception? exception, string cache, string file, string reason);

    [LoggerMessage(1172, LogLevel.Warning, "Cache '{Cache}': what was learned could not be saved to '{File}'; it is tried again within the hour.")]
    public static partial void LearnedNotSaved(ILogger logger, Exception exception, string cache, string file);

    [LoggerMessage(1180, LogLevel.Error,
        "Not all that event '{Event}' makes invalid could be invalidated; what it should have covered may be stale. Its source was told.")]
    public static partial void EventRulesFailed(ILogger logger, Exception exception, string @event);

    [LoggerMessage(1181, LogLevel.Error, "The subscription {Subscription} of an event source did not end as it should.")]
    public static partial void EventSourceFailed(ILogger logger, Exception exception, string subscription);
}
