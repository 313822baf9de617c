namespace Township.Modules.Projects;

/// <summary>Which parts of a task a change touched: each part has its own readers, so each invalidates its own entries.</summary>
[Flags]
internal enum WorkParts
{
    None = 0,

    /// <summary>Title or details.</summary>
    Text = 1,
    Due = 2,
    Status = 4,
    Assignee = 8,

    /// <summary>The kind of work: seen on the dashboard and in exports only.</summary>
    Kind = 16,

    /// <summary>The task is new.</summary>
    Created = 32,

    /// <summary>The status went to done or came from there: progress bars move.</summary>
    Completion = 64,
}
