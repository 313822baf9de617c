namespace Township.Modules.Projects;

/// <summary>What a member fills in to create or edit a project.</summary>
internal sealed class ProjectInput
{
    public const int MaximumName = 100;
    public const int MaximumSummary = 2000;

    /// <summary>Where it belongs; fixed once created.</summary>
    public string? OrganisationId { get; set; }

    public string? Name { get; set; }

    public string? Summary { get; set; }

    public string? Category { get; set; }

    public string? Status { get; set; } = ProjectStatus.Active;

    public bool IsPrivate { get; set; }

    public string? DueOn { get; set; }

    public FieldErrors Validate()
    {
        var errors = new FieldErrors();
        Name = errors.Text(nameof(Name), "a name", Name, 3, MaximumName);
        Summary = errors.Text(nameof(Summary), "what it is about", Summary, 10, MaximumSummary);
        DueOn = errors.Day(nameof(DueOn), DueOn);
        if (!NewId.IsWellFormed(OrganisationId))
        {
            errors.Add(nameof(OrganisationId), "Choose the organisation it belongs to.");
        }

        if (!Organisations.OrganisationCategories.Contains(Category))
        {
            errors.Add(nameof(Category), "Choose one of the categories.");
        }

        if (Status is null || !ProjectStatus.All.Contains(Status))
        {
            errors.Add(nameof(Status), "Choose active, paused or completed.");
        }

        return errors;
    }
}
