/** The runs table: one item per run, indexed by study, and by state. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { STATE_INDEX, STUDY_INDEX } from '../../pipeline/environment.ts';

export class RunsTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, { key }: { readonly key: IKey }) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'runId', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: STUDY_INDEX,
      partitionKey: { name: 'StudyInstanceUID', type: AttributeType.STRING },
      sortKey: { name: 'firstSeen', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    // A partition takes 1,000 writes a second, so many runs may enter one state. CloudFormation adds one index with each update.
    this.table.addGlobalSecondaryIndex({
      indexName: STATE_INDEX,
      partitionKey: { name: 'state', type: AttributeType.STRING },
      sortKey: { name: 'changed', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
  }
}
