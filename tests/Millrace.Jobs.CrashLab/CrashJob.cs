namespace Millrace.Jobs.CrashLab;

/// <summary>A job that a crash may interrupt. Its number says how it ends.</summary>
internal sealed record CrashJob(int Number);
