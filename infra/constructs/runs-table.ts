/** The runs table: one item per run, indexed by study. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { STUDY_INDEX } from '../../pipeline/environment.ts';

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
  }
}
