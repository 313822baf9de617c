namespace Millrace.Jobs.Stores.Memory;

/// <summary>Schedules.</summary>
internal sealed partial class MemoryJobStore
{
    public override ValueTask UpsertScheduleAsync(ScheduleDefinition schedule, DateTimeOffset? nextAt, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (!_schedules.TryGetValue(schedule.Name, out var known))
            {
                if (_schedules.Count >= JobLimits.MaximumSchedules)
                {
                    throw new InvalidOperationException($"The store holds its limit of {JobLimits.MaximumSchedules} schedules; '{schedule.Name}' was not added. Remove some first.");
                }

                _schedules[schedule.Name] = new ScheduleRecord { Definition = schedule, NextAt = nextAt };
            }
            else
            {
                _schedules[schedule.Name] = known with { Definition = schedule, NextAt = known.Definition.HasTimesOf(schedule) ? known.NextAt : nextAt };
            }

            return ValueTask.CompletedTask;
        }
    }

    public override ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_schedules.Remove(name));
        }
    }

    public override ValueTask<bool> SetSchedulePausedAsync(string name, bool paused, DateTimeOffset? nextAt, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (!_schedules.TryGetValue(name, out var schedule))
            {
                return ValueTask.FromResult(false);
            }

            if (schedule.Paused != paused)
            {
                _schedules[name] = schedule with { Paused = paused, NextAt = paused ? schedule.NextAt : nextAt };
            }

            return ValueTask.FromResult(true);
        }
    }

    public override ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<ScheduleRecord>>([.. _schedules.Values]);
        }
    }

    public override ValueTask<DueSchedules> GetDueSchedulesAsync(int maximum, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var now = Now;
            var active = _schedules.Values.Where(static schedule => !schedule.Paused && schedule.NextAt is not null)
                .OrderBy(static schedule => schedule.NextAt).ThenBy(static schedule => schedule.Definition.Name, StringComparer.Ordinal).ToList();
            var due = active.TakeWhile(schedule => schedule.NextAt <= now).Take(maximum).ToList();
            return ValueTask.FromResult(new DueSchedules(now, due, active.Skip(due.Count).FirstOrDefault()?.NextAt));
        }
    }

    public override ValueTask<FireStatus> FireScheduleAsync(FireRequest request, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var now = Now;
            if (!_schedules.TryGetValue(request.Name, out var schedule) || schedule.Paused || schedule.NextAt != request.Tick || request.Tick > now)
            {
                return ValueTask.FromResult(FireStatus.Missed);
            }

            if (request.PassOver)
            {
                _schedules[request.Name] = schedule with { NextAt = request.NextAt };
                return ValueTask.FromResult(FireStatus.Skipped);
            }

            if (!_book.Contains(request.Job.Id))
            {
                if (_book.Queue(request.Job.Queue).Pending >= request.MaximumQueueLength)
                {
                    return ValueTask.FromResult(FireStatus.QueueFull);
                }

                Add(request.Job, now);
            }

            _schedules[request.Name] = schedule with { NextAt = request.NextAt, LastAt = request.Tick, LastJobId = request.Job.Id, Runs = schedule.Runs + 1 };
            return ValueTask.FromResult(FireStatus.Fired);
        }
    }
}
