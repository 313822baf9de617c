namespace Township.Modules.Organisations;

/// <summary>What a resident fills in to create or edit an organisation.</summary>
internal sealed class OrganisationInput
{
    public const int MaximumName = 80;
    public const int MaximumSummary = 500;

    public string? Name { get; set; }

    public string? Summary { get; set; }

    public string? Category { get; set; }

    public bool IsOpen { get; set; } = true;

    public FieldErrors Validate()
    {
        var errors = new FieldErrors();
        Name = errors.Text(nameof(Name), "a name", Name, 3, MaximumName);
        Summary = errors.Text(nameof(Summary), "a short description", Summary, 10, MaximumSummary);
        if (!OrganisationCategories.Contains(Category))
        {
            errors.Add(nameof(Category), "Choose one of the categories.");
        }

        return errors;
    }
}
