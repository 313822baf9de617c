using System.Text;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>The scripts, one per operation, each behind the fragments that it uses. All take the keys of one queue (<see cref="QueueKeys.All"/>).</summary>
internal static class JobScripts
{
    public static readonly RedisScript Enqueue = Make("_keys", "_groups", "_jobs", "_enqueue", "enqueue");
    public static readonly RedisScript Claim = Make("_keys", "_groups", "_jobs", "_links", "_runs", "_finish", "_turns", "claim");
    public static readonly RedisScript Finish = Make("_keys", "_groups", "_jobs", "_links", "_runs", "_finish", "finish");
    public static readonly RedisScript Heartbeat = Make("_keys", "_groups", "_jobs", "_links", "_runs", "heartbeat");
    public static readonly RedisScript Leave = Make("_keys", "leave");
    public static readonly RedisScript ReportProgress = Make("_keys", "_groups", "_jobs", "report_progress");
    public static readonly RedisScript Sweep = Make("_keys", "_groups", "_jobs", "_links", "_runs", "_read", "sweep");
    public static readonly RedisScript ListEnded = Make("_keys", "list_ended");
    public static readonly RedisScript Cancel = Make("_keys", "_groups", "_jobs", "_links", "cancel");
    public static readonly RedisScript Replay = Make("_keys", "_groups", "_jobs", "replay");
    public static readonly RedisScript Delete = Make("_keys", "_groups", "_jobs", "_links", "delete");
    public static readonly RedisScript SetQueuePaused = Make("_keys", "_groups", "_jobs", "set_queue_paused");
    public static readonly RedisScript FindWork = Make("_keys", "find_work");
    public static readonly RedisScript Get = Make("_keys", "_groups", "_jobs", "_read", "get");
    public static readonly RedisScript List = Make("_keys", "_groups", "_jobs", "_read", "list");
    public static readonly RedisScript ListByTag = Make("_keys", "_groups", "_jobs", "_read", "list_by_tag");
    public static readonly RedisScript Count = Make("_keys", "count");
    public static readonly RedisScript GetWorkers = Make("_keys", "_groups", "_jobs", "get_workers");
    public static readonly RedisScript UpsertSchedule = Make("_keys", "_schedules", "upsert_schedule");
    public static readonly RedisScript RemoveSchedule = Make("_keys", "_schedules", "remove_schedule");
    public static readonly RedisScript SetSchedulePaused = Make("_keys", "_schedules", "set_schedule_paused");
    public static readonly RedisScript GetDueSchedules = Make("_keys", "_schedules", "get_due_schedules");
    public static readonly RedisScript FireSchedule = Make("_keys", "_groups", "_jobs", "_enqueue", "_schedules", "fire_schedule");

    public static readonly RedisScript WriteFlow = Make("_keys", "write_flow");
    public static readonly RedisScript DeliverFlow = Make("_keys", "_groups", "_jobs", "_links", "_enqueue", "deliver_flow");
    public static readonly RedisScript Measure = Make("_keys", "measure");
    public static readonly RedisScript Tell = Make("_keys", "_groups", "_jobs", "_links", "tell");
    public static readonly RedisScript ListBlocked = Make("_keys", "list_blocked");
    public static readonly RedisScript Look = Make("_keys", "_groups", "_jobs", "_links", "look");
    public static readonly RedisScript AppendLog = Make("_keys", "_groups", "_jobs", "append_log");
    public static readonly RedisScript GetLog = Make("_keys", "get_log");
    public static readonly RedisScript GetLinks = Make("_keys", "get_links");

    private static RedisScript Make(params string[] files)
    {
        var text = new StringBuilder();
        foreach (var file in files)
        {
            text.Append(RedisScript.FromResource(typeof(JobScripts).Assembly, $"{file}.lua", 0).Source).Append('\n');
        }

        return new RedisScript(text.ToString(), QueueKeys.Count);
    }
}
