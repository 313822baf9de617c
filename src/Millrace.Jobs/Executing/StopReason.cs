namespace Millrace.Jobs.Executing;

/// <summary>Why a running handler was asked to stop. The first reason stays.</summary>
internal enum StopReason
{
    None = 0,
    Cancelled = 1,
    TimedOut = 2,
    WorkerStops = 3,
    LeaseLost = 4,
}
