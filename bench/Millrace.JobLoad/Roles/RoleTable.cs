using Millrace.JobLoad.Floors;

namespace Millrace.JobLoad.Roles;

/// <summary>The roles that this program plays, by name.</summary>
internal static class RoleTable
{
    public static Task<RoleReport> RunAsync(string role, RoleOptions options) => role switch
    {
        "fill" => EngineRoles.FillAsync(options),
        "enqueue" => EngineRoles.EnqueueAsync(options),
        "process" => EngineRoles.ProcessAsync(options),
        "wait" => LatencyRoles.WaitAsync(options),
        "send" => LatencyRoles.SendAsync(options),
        "deep" => DeepRole.RunAsync(options),
        "schedules" => ScheduleRole.RunAsync(options),
        "floor.sqlite.process" => SqliteFloor.ProcessAsync(options),
        "duel.sqlite.enqueue" => SqliteEnqueueDuel.RunAsync(options),
        "floor.postgres.process" => PostgresFloor.ProcessAsync(options),
        "quartz.process" => QuartzPeer.ProcessAsync(options),
        _ => throw new ArgumentException($"There is no role '{role}'.", nameof(role)),
    };
}
